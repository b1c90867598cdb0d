import { z } from 'zod';
import { machineReport } from './agent-protocol';
import { connection } from './connections';
import { duration } from './flow-definition/basics';
import { instant, machineId } from './ids';
import { pausedSince, priority } from './runs';

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

/** Settings of a run queue (rows D3, F8, F9, L10). */
export const queueSettingsView = z.object({
  reuseSession: z.boolean(),
  strictOrder: z.boolean(),
  maxEntries: z.int(),
  maintenance: z.boolean(),
});

/** Settings of a machine or group as its details show them. */
export const detailSettingsView = queueSettingsView.extend({
  /** Row F7. */
  queueTimeout: duration.describe('How long a run waits at most, unless its action says otherwise.'),
});

export const machineView = machineReport.extend({
  id: machineId,
  name: z.string(),
  status: z.enum(['online', 'offline', 'maintenance', 'revoked']),
  /** Row L10; the machine may be reachable or not meanwhile. */
  maintenance: z.boolean(),
  /** The run queue that it serves: its own (named as the machine) or that of a group. */
  queue: z.string(),
  /** Row E2. */
  attendedNotice: z.enum(['off', 'banner']),
  /** Of its queue; only where one machine is shown. */
  settings: detailSettingsView.optional(),
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
  change: z.int().describe('Number of the last change: where the feed goes on.'),
  settings: queueSettingsView,
  running: z.array(
    queuedRun.extend({
      machine: z.string(),
      grantedAt: instant,
      stopping: z.boolean(),
      paused: pausedSince.optional(),
    }),
  ),
  waiting: z
    .array(
      queuedRun.extend({
        position: z.int().min(1),
        next: z.boolean().describe('Next to run: it would start if a slot freed now.'),
        movedToTop: z.boolean(),
        expectedStart: instant
          .optional()
          .describe('By the durations of past runs; absent when nobody can tell.'),
        startUnknown: z
          .enum(['obstacle', 'order', 'bots', 'duration'])
          .optional()
          .describe(
            'Why nobody can tell. obstacle: what is in its way goes at no known time; order: in strict order it is behind such a run; ' +
              'bots: none is known to come free; duration: the work before it takes an unknown time.',
          ),
        deadline: instant.describe('When the queue timeout ends its wait.'),
        reason: z.looseObject({ why: z.string() }).describe('Why it waits now: `why` and what that names.'),
      }),
    )
    .describe('In the order of execution.'),
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

export const tokenBody = z.strictObject({
  expiresInMinutes: z.int().min(1).max(10_080).default(60),
  /** A machine that is to register anew, because its agent or its disk was replaced; default: a new machine. */
  machine: machineId.optional(),
});
export const issuedToken = z.object({ token: z.string(), expiresAt: instant });
export type IssuedToken = z.infer<typeof issuedToken>;

export const connectionList = z.object({ connections: z.array(connection) });
export type ConnectionList = z.infer<typeof connectionList>;

export const health = z.object({ status: z.literal('ok'), time: instant });
export type Health = z.infer<typeof health>;
