import { z } from 'zod';
import { agentEventBodies, errorInfoSchema, logLine, machineReport } from './agent-protocol';
import { desktopRunId, instant, machineId, resourceName, runId } from './ids';
import { desktopRunState } from './runs';

/** HTTP between agent and control plane. Everything but `register` is signed with the machine's key. */

/** POST /api/agent/register (no key: the one-time token is the credential). Asking again with the same token and key is answered alike. */
export const registerRequest = z.object({
  token: z.string().min(1),
  name: resourceName,
  publicKey: z.string().describe('Ed25519 public key, SPKI DER in base64: verifies events and requests.'),
  sealingKey: z.string().describe('X25519 public key, SPKI DER in base64: credentials are sealed for it.'),
  installation: z.string(),
  report: machineReport,
});
export type RegisterRequest = z.infer<typeof registerRequest>;

export const registerResponse = z.object({ machine: machineId, epoch: z.int().min(1) });
export type RegisterResponse = z.infer<typeof registerResponse>;

/** POST /api/agent/lease: short-lived access to the machine's queue and to agent-events; renewed before `expiresAt`. */
export const leaseRequest = z.object({ installation: z.string() });
export const leaseResponse = z.object({
  /** Service Bus connection strings with a SharedAccessSignature: Listen on the command queue, Send on agent-events. */
  commands: z.object({ connectionString: z.string(), queue: z.string() }),
  events: z.object({ connectionString: z.string(), queue: z.string() }),
  expiresAt: instant,
  serverTime: instant,
  settings: z.object({ heartbeatMs: z.int(), goWindowMs: z.int() }),
});
export type LeaseResponse = z.infer<typeof leaseResponse>;

/**
 * POST /api/agent/console-runs: somebody at the machine starts a desktop flow there (docs/adr/0005). Asked again with the same `request`, the
 * answer is that of the same run.
 */
export const consoleRunRequest = z.object({
  request: runId.describe('Made by the agent; the run is `<request>-1`.'),
  desktopFlow: resourceName,
  inputs: z.record(z.string(), z.unknown()),
  user: z
    .string()
    .min(1)
    .max(200)
    .describe('Who sits at the machine; the run gets the session of this account.'),
});
export type ConsoleRunRequest = z.infer<typeof consoleRunRequest>;

export const consoleRunView = z.object({
  run: desktopRunId,
  state: desktopRunState,
  error: errorInfoSchema.optional(),
});
export type ConsoleRunView = z.infer<typeof consoleRunView>;

/** Most bytes of a `consoleRunReport` with its log. */
export const MAX_CONSOLE_REPORT_BYTES = 16 * 1024 * 1024;

/**
 * PUT /api/agent/console-runs/{run}: the machine was cut off, started the run by itself and tells of it now that it is over (docs/adr/0005).
 * Sent until it is answered; the same run again changes nothing. Its files follow as those of any run.
 */
export const consoleRunReport = agentEventBodies.done.omit({ artifacts: true }).extend({
  desktopFlow: z.object({ name: resourceName, version: z.string().max(100) }),
  user: z.string().min(1).max(200).describe('Who started it at the machine.'),
  startedAt: instant.describe("By the agent's clock, corrected to the control plane's."),
  endedAt: instant,
  log: z.array(logLine).max(2_000),
});
export type ConsoleRunReport = z.infer<typeof consoleRunReport>;

/** POST /api/agent/console-runs/{run}/stop */
export const consoleRunStop = z.object({ user: z.string().min(1).max(200) });

/**
 * Signed requests carry these headers. The signature is Ed25519, base64, over `requestText`. The control plane refuses a
 * time more than five minutes off and tells its own in `Date`, from which the agent corrects its offset and repeats.
 */
export const agentHeaders = {
  machine: 'x-attendant-machine',
  time: 'x-attendant-time',
  signature: 'x-attendant-signature',
} as const;

export function requestText(request: {
  method: string;
  path: string;
  machine: string;
  time: string;
  bodySha256: string;
}): string {
  return [
    'attendant-request-1',
    request.method.toUpperCase(),
    request.path,
    request.machine,
    request.time,
    request.bodySha256,
  ].join('\n');
}

/*
 * Other agent routes (all signed):
 *   GET  /api/agent/packages/{hash}                     the zip of a desktop flow
 *   GET  /api/agent/files/{id}                          a file given as input
 *   PUT  /api/agent/runs/{run}/artifacts/{name}         a file the run leaves behind (body = bytes)
 *   GET  /api/agent/desktop-flows                       what can be started here (contracts/api-flows.ts, `desktopFlowList`)
 *   GET  /api/agent/console-runs/{run}                  `consoleRunView`
 */
