import { z } from 'zod';
import { resourceName } from './ids';

/** JSON Schema (draft 2020-12) as people write it in a manifest; checked with ajv where it is used. */
export const jsonSchema = z.record(z.string(), z.unknown());

/**
 * desktop-flow.yaml at the top of a desktop flow's folder. An input with `format: file` takes the id of an uploaded file;
 * the runner sees a path in the run's working folder instead.
 */
export const desktopFlowManifest = z.strictObject({
  name: resourceName,
  version: z.string().min(1).max(40),
  description: z.string().max(500).optional(),
  runner: z.enum(['exec', 'node', 'python', 'powershell', 'robot', 'pad']),
  /** File to run, relative to the folder; for `exec` the program itself. */
  entry: z.string().min(1),
  args: z.array(z.string()).optional(),
  inputs: jsonSchema.optional(),
  outputs: jsonSchema.optional(),
  /** Asking for elevation is refused with ElevationNotAllowed (row C3). */
  elevated: z.boolean().optional(),
});
export type DesktopFlowManifest = z.infer<typeof desktopFlowManifest>;
