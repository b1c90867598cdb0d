import { z } from 'zod';

/*
 * GET /api/capacity    capacityView (row H1)
 * PUT /api/capacity    capacityBody → 200 capacityView | 202 commandAccepted
 */

/** Unattended bots of the environment; null: not limited. */
export const capacityBody = z.strictObject({ bots: z.int().min(0).max(100_000).nullable() });

const share = z.number().min(0).describe('1 is all bots, all the time.');

export const capacityView = z.object({
  bots: z.int().nullable().describe('Unattended bots of the environment; null: not limited.'),
  lent: z
    .int()
    .describe('Counted by grant: a run that has not been heard of for long may still execute beyond it.'),
  wanted: z.int().describe('Runs that could start now if there were more bots.'),
  utilisation: share.optional(),
  days: z
    .array(
      z.object({
        day: z.string(),
        peakLent: z.int(),
        peakDemand: z.int().describe('Lent and wanted at the same time.'),
        utilisation: share.optional(),
      }),
    )
    .describe('The last days in UTC, oldest first.'),
  queues: z.array(z.object({ queue: z.string(), lent: z.int(), wanted: z.int() })),
});
export type CapacityView = z.infer<typeof capacityView>;
