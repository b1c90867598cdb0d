import { z } from 'zod';
import { detailSettingsView } from './api-machines';
import { groupId, instant, machineId } from './ids';
import { editableQueueSettings } from './queues';

/*
 * GET    /api/machine-groups                              groupList
 * POST   /api/machine-groups                              groupBody → 201 groupView (row B2)
 * GET    /api/machine-groups/{group}                      groupView
 * PATCH  /api/machine-groups/{group}                      groupPatch → 200 groupView | 202 commandAccepted (rows D3, D4, L10)
 * DELETE /api/machine-groups/{group}                      204; only without machines
 * PUT    /api/machine-groups/{group}/machines/{machine}   → 200 groupView | 202 commandAccepted: the machine joins
 * DELETE /api/machine-groups/{group}/machines/{machine}   → 200 groupView | 202 commandAccepted: it leaves
 * GET    /api/machine-groups/{group}/queue                queueView
 */

const groupSettings = editableQueueSettings.extend({
  /** Row B2. */
  maxMachines: z.int().min(1).max(1_000).optional().describe('How many machines may join.'),
});
const groupName = z.string().trim().min(1).max(64);

export const groupBody = groupSettings.extend({ name: groupName });

export const groupPatch = groupSettings
  .extend({ name: groupName.optional(), maintenance: z.boolean().optional() })
  .refine((given) => Object.keys(given).length > 0, 'name at least one detail');

export const groupView = z.object({
  id: groupId,
  name: z.string(),
  createdAt: instant,
  settings: detailSettingsView.extend({ maxMachines: z.int() }),
  machines: z.array(
    z.object({
      machine: machineId,
      name: z.string(),
      online: z.boolean(),
      maintenance: z.boolean(),
      moving: z.enum(['joining', 'leaving']).optional(),
    }),
  ),
  waiting: z.int().describe('Runs that wait in its queue.'),
  running: z.int(),
});
export type GroupView = z.infer<typeof groupView>;

export const groupList = z.object({
  groups: z.array(groupView.pick({ id: true, name: true, createdAt: true }).extend({ machines: z.int() })),
});
export type GroupList = z.infer<typeof groupList>;
