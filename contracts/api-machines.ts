import { z } from 'zod';
import { machineReport } from './agent-protocol';
import { connection } from './connections';
import { instant, machineId } from './ids';
import { priority } from './runs';

/*
 * GET  /api/machines                    machineList
 * GET  /api/machines/{machine}          machineView
 * GET  /api/machines/{machine}/queue    queueView (row F4)
 * POST /api/registration-tokens         tokenBody → 201 issuedToken
 * GET  /api/connections                 connectionList
 * GET  /api/connections/{name}          connection (contracts/connections.ts)
 * PUT  /api/connections/{name}          connectionBody → connection
 * GET  /api/health                      health (no key)
 */

export const machineView = machineReport.extend({
  id: machineId,
  name: z.string(),
  status: z.enum(['online', 'offline', 'revoked']),
  lastSeenAt: instant.optional(),
  registeredAt: instant,
  epoch: z.int(),
});
export type MachineView = z.infer<typeof machineView>;

export const machineList = z.object({ machines: z.array(machineView) });
export type MachineList = z.infer<typeof machineList>;

const queuedRun = z.object({
  run: z.string(),
  desktopFlow: z.string(),
  priority,
  mode: z.enum(['attended', 'unattended']),
  requestedBy: z.string().optional(),
  requestedAt: instant,
});

export const queueView = z.object({
  queue: z.string(),
  at: instant,
  /** Number of the last change: where the feed goes on. */
  change: z.int(),
  running: z.array(queuedRun.extend({ machine: z.string(), grantedAt: instant, stopping: z.boolean() })),
  /** In the order of execution. */
  waiting: z.array(
    queuedRun.extend({
      position: z.int().min(1),
      /** Next to run (row F2). */
      next: z.boolean(),
      movedToTop: z.boolean(),
      deadline: instant,
      /** Why it waits now: `why` and what that names. */
      reason: z.looseObject({ why: z.string() }),
    }),
  ),
  machines: z.array(
    z.object({
      machine: z.string(),
      online: z.boolean(),
      maintenance: z.boolean(),
      slots: z.int(),
      runs: z.array(z.string()),
    }),
  ),
});
export type QueueView = z.infer<typeof queueView>;

export const tokenBody = z.strictObject({ expiresInMinutes: z.int().min(1).max(10_080).default(60) });
export const issuedToken = z.object({ token: z.string(), expiresAt: instant });
export type IssuedToken = z.infer<typeof issuedToken>;

export const connectionList = z.object({ connections: z.array(connection) });
export type ConnectionList = z.infer<typeof connectionList>;

export interface Health {
  status: 'ok';
  time: string;
}
