import { z } from 'zod';
import { groupId, machineId, resourceName } from './ids';

/** Row B3: where runs go and as whom. Credentials are write-only: they enter with `credential` and are never answered. */
export const connectionTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('machine'), id: machineId }),
  /** Row B2: any machine of the group, or this one. */
  z.strictObject({ kind: z.literal('group'), id: groupId, pinned: machineId.optional() }),
  /** Row B5. */
  z.strictObject({ kind: z.literal('gateway'), name: resourceName }),
  /** Rows B6, B7. */
  z.strictObject({ kind: z.literal('cluster'), name: resourceName }),
]);

/** Row C8: a session on the machine is in the way: fail (as the system that this follows) or wait in the queue. */
export const whenSessionBlocked = z.enum(['fail', 'wait']);

export const connectionBody = z.strictObject({
  target: connectionTarget,
  user: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Account of the session. Absent: the session that the agent itself runs in.'),
  credential: z.strictObject({ password: z.string().min(1).max(1024) }).optional(),
  whenSessionBlocked: whenSessionBlocked.optional(),
});

export const connection = z.object({
  name: resourceName,
  target: connectionTarget,
  user: z.string().optional(),
  hasCredential: z.boolean(),
  whenSessionBlocked: whenSessionBlocked.optional(),
});
export type Connection = z.infer<typeof connection>;
