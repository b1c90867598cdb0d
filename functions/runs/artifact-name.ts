import { z } from 'zod';
import { RequestError } from '../problem';

/** The name of a file in the artifacts folder of a run: one name, no path, nothing that a screen or a header cannot show. */
const artifactName = z
  .string()
  .min(1)
  .max(200)
  // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
  .regex(/^[^/\\\u0000-\u001f\u007f]+$/)
  .refine((name) => name !== '.' && name !== '..');

/** @throws RequestError FileNotFound for a name that no artifact can have. */
export function parseArtifactName(given: string | undefined): string {
  const name = artifactName.safeParse(given);
  if (!name.success) throw new RequestError('FileNotFound', { detail: 'No artifact can have this name.' });
  return name.data;
}
