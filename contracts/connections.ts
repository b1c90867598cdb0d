import { z } from 'zod';
import { machineId, resourceName } from './ids';

/** Row B3: where runs go and as whom. Credentials are write-only: they enter with `credential` and are never answered. */
export const connectionTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('machine'), id: machineId }),
]);

export const connectionBody = z.strictObject({
  target: connectionTarget,
  user: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Account of the session. Absent: the session that the agent itself runs in.'),
  credential: z.strictObject({ password: z.string().min(1).max(1024) }).optional(),
});

export const connection = z.object({
  name: resourceName,
  target: connectionTarget,
  user: z.string().optional(),
  hasCredential: z.boolean(),
});
export type Connection = z.infer<typeof connection>;
