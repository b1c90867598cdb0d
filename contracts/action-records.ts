import { z } from 'zod';
import { errorInfoSchema } from './agent-protocol';
import { contentHash, instant } from './ids';
import { actionState, iterationCounts } from './runs';

/** Values of up to this many characters of JSON stand in the record; longer ones are kept apart and read by their link. */
export const INLINE_VALUE = 16_000;

/** An action whose inputs or outputs are longer than this as JSON fails (`ValueTooLarge`). */
export const LARGEST_VALUE = 1_000_000;

/** Inputs or outputs of an action: here, kept apart under their hash, or masked (row A8). */
export const storedValue = z.union([
  z.object({ value: z.unknown() }),
  z.object({ hash: contentHash, bytes: z.int().min(0) }),
  z.object({ masked: z.literal(true) }),
]);
export type StoredValue = z.infer<typeof storedValue>;

/** One action, or one round of a loop, that has ended. */
export const actionRecord = z.object({
  /** Path of what it was walked in: '' for the flow itself, `Loop[3]/Scope` in the fourth round of a loop. */
  parent: z.string(),
  /** Name of the action; of a round: its number from 0 in brackets. */
  name: z.string(),
  type: z.string().optional(),
  status: actionState,
  startedAt: instant.optional(),
  endedAt: instant,
  run: z.string().optional(),
  earlierRuns: z.array(z.string()).optional(),
  iterations: iterationCounts.optional(),
  inputs: storedValue.optional(),
  outputs: storedValue.optional(),
  error: errorInfoSchema.optional(),
});
export type ActionRecord = z.infer<typeof actionRecord>;
