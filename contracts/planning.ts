import { z } from 'zod';
import { instant } from './ids';

/*
 * GET /api/planning?from=…&hours=24    planningView (row H4)
 */

export const planningQuery = z.strictObject({
  from: instant.optional().describe('Default: the hour that has begun.'),
  hours: z.coerce.number().int().min(1).max(168).default(24),
});

const hour = z.object({
  at: instant.describe('Its beginning.'),
  busyMinutes: z.number().describe('What the scheduled runs are expected to take in this hour.'),
  capacityMinutes: z.number().describe('60 for each run that the machines can execute at once.'),
  overbooked: z.boolean().describe('More work than time: runs will wait into the next hour.'),
  flows: z.array(
    z.object({
      flow: z.string(),
      desktopFlow: z.string(),
      starts: z
        .number()
        .describe('Runs that come due in this hour; a share of one for each member of a cluster.'),
      busyMinutes: z.number(),
    }),
  ),
});

/** Row H4: the load that schedules put on each machine and group, hour by hour, so that people can spread their flows. */
export const planningView = z.object({
  from: instant,
  to: instant,
  queues: z.array(
    z.object({
      queue: z.string().describe('A machine, or the group that it belongs to.'),
      name: z.string(),
      machines: z.int(),
      hours: z.array(hour),
      quietest: z.array(instant).describe('The three hours with the most time left, best first.'),
    }),
  ),
  unplanned: z
    .array(z.object({ flow: z.string(), action: z.string(), why: z.string() }))
    .describe('Scheduled desktop-flow actions that are missing above or not whole in it, and why.'),
});
export type PlanningView = z.infer<typeof planningView>;
