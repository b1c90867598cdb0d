import { z } from 'zod';
import { errorInfoSchema } from './agent-protocol';
import { jsonSchema } from './desktop-flow';
import { desktopRunId, instant, resourceName } from './ids';

/*
 * What the agent's local page and command line ask the running agent (rows K1–K5), over HTTP on the loopback address. Everything but
 * `knock` needs the token of a user of the machine (agent/console/access.ts).
 */

/** Row K1: what a person wants to see of console runs. */
export const notificationMode = z.enum(['notifications', 'window', 'off']);
export type NotificationMode = z.infer<typeof notificationMode>;

export const consoleRunState = z.enum([
  'Waiting',
  'Running',
  'Paused',
  'Stopping',
  'Succeeded',
  'Failed',
  'Stopped',
]);
export type ConsoleRunState = z.infer<typeof consoleRunState>;

/** A desktop flow that can be started at the machine. */
export const consoleFlow = z.object({
  name: resourceName,
  version: z.string(),
  description: z.string().optional(),
  inputs: jsonSchema.optional(),
  /** Whether its package is on the machine, so that it can be started without the control plane. */
  here: z.boolean(),
});
export type ConsoleFlow = z.infer<typeof consoleFlow>;

/** A run as its person sees it at the machine. */
export const consoleRun = z.object({
  run: desktopRunId,
  flow: z.string(),
  /** portal: an attended run that was announced (row E2). */
  origin: z.enum(['console', 'portal']),
  /** Started without the control plane: only this machine knows of it. */
  here: z.boolean(),
  state: consoleRunState,
  since: instant,
  endedAt: instant.optional(),
  subflow: z.string().optional(),
  action: z.string().optional(),
  percent: z.number().optional(),
  message: z.string().optional(),
  error: errorInfoSchema.optional(),
});
export type ConsoleRun = z.infer<typeof consoleRun>;

/** GET /api/state, and every event of GET /api/events. */
export const consoleState = z.object({
  machine: z.string(),
  user: z.string(),
  /** Whether the control plane can be asked; without it runs start only where the machine is free. */
  online: z.boolean(),
  mode: notificationMode,
  runs: z.array(consoleRun),
});
export type ConsoleState = z.infer<typeof consoleState>;

/** GET /api/flows */
export const consoleFlows = z.object({ flows: z.array(consoleFlow) });

/** POST /api/runs */
export const consoleStart = z.object({ flow: resourceName, inputs: z.record(z.string(), z.unknown()) });
export const consoleStarted = z.object({ run: desktopRunId });

/** POST /api/runs/{run} */
export const consoleControl = z.object({ what: z.enum(['pause', 'resume', 'stop']) });
export type ConsoleControl = z.infer<typeof consoleControl>['what'];

/** PUT /api/notifications */
export const consoleMode = z.object({ mode: notificationMode });

/** POST /api/knock: the agent puts a token where only this user can read it. */
export const consoleKnock = z.object({ user: z.string().min(1).max(64) });

/** POST /api/tickets: good once and for a minute, for the address that a browser is opened with. */
export const consoleTicket = z.object({ ticket: z.string() });

/** <folder>/console.json: where the running agent's page is. */
export const consoleAddress = z.object({ port: z.int() });

/** A session that the agent holds on the machine. */
export const heldSession = z.object({
  id: z.string(),
  user: z.string(),
  display: z.string().optional().describe('X display.'),
  state: z.enum(['used', 'kept']).describe('kept: locked, for the next run of the user.'),
  run: desktopRunId.optional(),
  since: instant,
});

export type HeldSession = z.infer<typeof heldSession>;

/** GET /api/sessions: all of them for whoever the agent runs as, the own ones for everybody else. */
export const heldSessions = z.object({ sessions: z.array(heldSession) });

/** POST /api/sessions/{id}: ends it; without `force` not while a run is in it. */
export const endSession = z.object({ force: z.boolean() });

/** POST /api/windows: opens a page on the person's desktop. */
export const consoleWindow = z.object({ page: z.enum(['/', '/monitor']) });
