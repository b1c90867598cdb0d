import { z } from 'zod';
import { role } from './access';
import { instant } from './ids';

/** Names under which the app itself acts or starts runs: a person of such a name would be taken for the starter of these. */
const RESERVED: ReadonlySet<string> = new Set(['owner', 'schedule', 'attendant', 'unknown']);

const personName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u, 'is no name: letters, digits and . _ @ + -, at most 100')
  .refine((name) => !RESERVED.has(name.toLowerCase()), 'is a name that the app itself goes by');

/** Somebody with a key of their own on the local host. */
export const person = z.object({
  name: personName,
  role,
  /** SHA-256 of the key, hex: the key itself is shown once and kept nowhere. */
  keyHash: z.string().regex(/^[0-9a-f]{64}$/),
  addedAt: instant,
});
export type Person = z.infer<typeof person>;

/** Content of `people.json` in the data folder: written by the command line, read by the local host. */
export const peopleFile = z.object({ people: z.array(person) });
