import { z } from 'zod';
import { queueView } from './api-machines';
import { duration } from './flow-definition/basics';
import { priority } from './runs';

/*
 * PATCH  /api/machines/{machine}/queue/{run}         queuePatch → 200 queueView | 202 commandAccepted (rows F5, F6)
 * PATCH  /api/machine-groups/{group}/queue/{run}     the same
 * POST   /api/machines/{machine}/queue/release       releaseBody → 200 queueView | 202 commandAccepted
 * PATCH  /api/machines/{machine}                     machinePatch → 200 machineDetails | 202 commandAccepted (rows D3, F8, F9, L10)
 * DELETE /api/machines/{machine}                     → 202 commandAccepted
 */

/** One of: another priority, to the top, back to its place. */
export const queuePatch = z
  .strictObject({
    priority: priority.optional(),
    position: z.literal('top').optional(),
    undo: z.literal(true).optional(),
  })
  .refine(
    (given) => Object.values(given).filter((value) => value !== undefined).length === 1,
    'give exactly one of priority, position and undo',
  );

export const releaseBody = z.strictObject({ reason: z.string().min(1).max(500) });

/** Row E2: what an attended run shows on the machine before it starts. */
export const attendedNotice = z.enum(['off', 'banner']);
export type AttendedNotice = z.infer<typeof attendedNotice>;

/** Row F7: how long a run waits at most, from its request on. */
export const queueTimeout = duration
  .refine((text) => /[1-9]/.test(text), 'must be longer than nothing')
  .nullable()
  .describe('How long a run waits at most (an action may say otherwise); null: as the environment has it.');

/** Settings of a run queue that people edit; ranges are the queue's to judge. */
export const editableQueueSettings = z.strictObject({
  /** Rows D1–D4. */
  reuseSession: z.boolean().optional(),
  /** Row F9. */
  strictOrder: z.boolean().optional(),
  /** Row F8: 1 to 2,000. */
  maxEntries: z.int().optional(),
  queueTimeout: queueTimeout.optional(),
});

export const machinePatch = editableQueueSettings
  .extend({
    name: z.string().trim().min(1).max(64).optional(),
    maintenance: z.boolean().optional(),
    attendedNotice: attendedNotice.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'name at least one detail');

/** A command that the queue has not answered within five seconds: look again under `self`. */
export const commandAccepted = z.object({
  status: z.literal('accepted'),
  links: z.object({ self: z.string() }),
});
export type CommandAccepted = z.infer<typeof commandAccepted>;

/** Answer of a command: the queue as it is now, or 202. */
export const queueCommandAnswer = z.union([queueView, commandAccepted]);
