import { z } from 'zod';
import { contentHash, desktopRunId, fence, instant, machineId } from './ids';
import type { ErrorCode } from './errors';
import { errorCatalogue } from './errors';

/**
 * What control plane and agent say to each other over Service Bus. Commands go to the machine's own queue `m-<id>`,
 * events to `agent-events`. The run protocol is offer → accepted → go (blueprint, "One run"; row L4).
 */

export const AGENT_EVENTS_QUEUE = 'agent-events';

/** The machine's command queue is named after the machine. */
export function commandQueueName(machine: string): string {
  return machine;
}

const commandBase = { v: z.literal(1), run: desktopRunId, machine: machineId, fence };

/** "Can you take this run?" Its only answer is `accepted` or `refused`; nothing starts. */
export const offerCommand = z.object({
  ...commandBase,
  kind: z.literal('offer'),
  /** Same-user key of the run (row E1): two runs with one key never run at once on a machine. */
  userKey: z.string(),
  runner: z.string(),
});

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

/** What the run does about a session, or the code that it fails with. */
const sessionCell = z.enum(['attach', 'create', 'reuse', ...codes]);

/**
 * The session rules (rows C4, C5, C9, D1–D6, E1) of one run on one machine. The agent sees the sessions at the very start and looks its
 * case up: the state of the user's own session, then [nobody else has a session, somebody else has].
 */
export const sessionPlan = z.object({
  cases: z.record(z.enum(['none', 'active', 'locked', 'disconnected']), z.tuple([sessionCell, sessionCell])),
  /** signOff: row D1. lock: row D2. leave: the session is a person's. */
  atEnd: z.enum(['signOff', 'lock', 'leave']),
});
export type SessionPlan = z.infer<typeof sessionPlan>;

/** "Start." Carries everything the run needs; acted on at most once per (run, fence). */
export const goCommand = z.object({
  ...commandBase,
  kind: z.literal('go'),
  userKey: z.string(),
  /** Account of the session as the connection names it; absent where the run uses the agent's own session. */
  user: z.string().optional(),
  mode: z.enum(['attended', 'unattended']),
  desktopFlow: z.object({ name: z.string(), version: z.string(), package: contentHash }),
  inputs: z.record(z.string(), z.unknown()),
  /** In place of `inputs` where a flow secures data: sealed for this machine and grant (contracts/sealed-credential.ts). */
  sealedInputs: z.string().optional(),
  /** Public key of the control plane that the outputs are sealed by; absent where they go plain. */
  sealOutputs: z.string().optional(),
  /** Credential of the session, sealed for this machine and grant (contracts/sealed-credential.ts); absent where the connection has none. */
  sealedCredential: z.string().optional(),
  sessionPlan: sessionPlan.optional(),
  /** console: somebody at the machine started it there. Absent: it came from the portal and shows nothing on the machine (row K5) … */
  origin: z.literal('console').optional(),
  /** … but for an attended run where the machine's setting `attendedNotice` asks for a banner (row E2). */
  notice: z.literal('banner').optional(),
});

/**
 * How a run is asked to end, weakest first. checkpoint: the desktop flow is asked and ends at its next checkpoint, if it has one.
 * ask: it is asked, and killed when the grace time is over. kill: at once.
 */
export const stopMode = z.enum(['checkpoint', 'ask', 'kill']);
export type StopMode = z.infer<typeof stopMode>;

/** "End it." Before `go` it journals `never`, whatever the mode. */
export const stopCommand = z.object({
  ...commandBase,
  kind: z.literal('stop'),
  reason: z.enum(['cancelled', 'timedOut', 'orphaned', 'released']),
  /** Absent: ask. */
  mode: stopMode.optional(),
  /** Grace time of `ask`. */
  graceMs: z.int().min(0),
});

/** Rises with every pause and resume of the run: what comes twice or late changes nothing. */
const order = z.int().min(1);

/** Freezes or thaws the run's whole process tree. */
export const pauseCommand = z.object({ ...commandBase, kind: z.literal('pause'), order });
export const resumeCommand = z.object({ ...commandBase, kind: z.literal('resume'), order });

export const agentCommand = z.discriminatedUnion('kind', [
  offerCommand,
  goCommand,
  stopCommand,
  pauseCommand,
  resumeCommand,
]);
/** A command about a run. */
export type AgentCommand = z.infer<typeof agentCommand>;

/** A test of a connection; also the instance that waits for the answers. */
export const connectionTestId = z.string().regex(/^ct-[0-9a-hjkmnp-tv-z]{26}$/, 'is not a connection test');

/** "Could a run use this account?" (row B9). Answered at once with `connectionTested`, not journaled, of no use after a while. */
export const testConnectionCommand = z.object({
  v: z.literal(1),
  kind: z.literal('testConnection'),
  test: connectionTestId,
  machine: machineId,
  /** Registration that is asked; another one does not answer. */
  epoch: z.int().min(1),
  user: z.string().optional(),
  sealedCredential: z.string().optional(),
});
export type TestConnectionCommand = z.infer<typeof testConnectionCommand>;

/** Everything that stands in a machine's command queue. */
export const machineCommand = z.discriminatedUnion('kind', [agentCommand, testConnectionCommand]);
export type MachineCommand = z.infer<typeof machineCommand>;

/** Service Bus message id: repeats of one sending are dropped by duplicate detection, a `go` never by its `offer`. */
export function commandMessageId(command: MachineCommand, attempt = 0): string {
  const base =
    command.kind === 'testConnection'
      ? `${command.test}:${command.machine}`
      : `${command.run}:${command.machine}:${command.fence.epoch}.${command.fence.n}:${kindOf(command)}`;
  return attempt === 0 ? base : `${base}:${attempt}`;
}

/** What is sent more than once to one grant has more in its name than its kind. */
function kindOf(command: AgentCommand): string {
  if (command.kind === 'pause' || command.kind === 'resume') return `${command.kind}${command.order}`;
  const special = command.kind === 'stop' && command.mode !== undefined && command.mode !== 'ask';
  return special ? `stop-${command.mode}` : command.kind;
}

export const errorInfoSchema = z.object({
  code: z.enum(codes),
  message: z.string().max(4_000),
  subCode: z.string().max(200).optional(),
  details: z.string().max(16_000).optional(),
});

export const osFamily = z.enum(['windows10', 'windows11', 'server2016', 'server2019', 'server2022', 'linux']);
export type OsFamily = z.infer<typeof osFamily>;

/** An account of a machine under the name that a run knows it by (row E1): `id` is the same for all names of one account. */
export const resolvedAccount = z.object({ userKey: z.string().max(600), id: z.string().max(200) });

export const userSession = z.object({
  user: z.string(),
  userKey: z.string(),
  /** Keys of the other names that the account has on its machine, such as `.\\user` (row E1). */
  aliases: z.array(z.string()).optional(),
  /** The account's id on its machine, as in `resolvedAccount`. */
  account: z.string().optional(),
  state: z.enum(['active', 'locked', 'disconnected']),
});

/** What the agent knows of its machine; sent at start and whenever it changes. */
export const machineReport = z.object({
  os: osFamily,
  osVersion: z.string(),
  agentVersion: z.string(),
  hostname: z.string(),
  /** How many runs the machine can execute at once (row G1; 1 on clients). */
  maxSessions: z.int().min(1),
  rds: z.boolean(),
  multipleSessionsPerUser: z.boolean(),
  sessions: z.array(userSession),
  runners: z.array(z.string()),
});
export type MachineReport = z.infer<typeof machineReport>;

export const logLine = z.object({ at: instant, stream: z.enum(['out', 'err', 'agent']), text: z.string() });
export type LogLine = z.infer<typeof logLine>;

/** What the processes of a run have used so far. */
export const usage = z.object({
  /** CPU time of all of them, ended ones included. */
  cpuMs: z.number().min(0),
  /** Share of one core in the last seconds: 1 is a whole core. Absent once the run has ended. */
  cpuNow: z.number().min(0).optional(),
  /** Resident memory now. Absent once the run has ended. */
  rssBytes: z.number().min(0).optional(),
  peakRssBytes: z.number().min(0),
  wallMs: z.number().min(0),
});
export type Usage = z.infer<typeof usage>;

/** Row L8: the picture of the failed run's screen among its artifacts, or why there is none. */
export const failureScreenshot = z.union([
  z.object({ artifact: z.string() }),
  z.object({ none: z.string().max(500) }),
]);
export type FailureScreenshot = z.infer<typeof failureScreenshot>;

/** What a machine says of an account (row B9). */
export const accountCheck = z.object({
  user: z.enum(['known', 'unknown', 'notChecked']),
  /** The account as this machine knows it: uid on Linux, SID on Windows (row E1). */
  userId: z.string().max(200).optional(),
  password: z.enum(['accepted', 'refused', 'notChecked']),
  /** Why runs of the connection would fail here. */
  error: errorInfoSchema.optional(),
  note: z.string().max(1_000).optional(),
});
export type AccountCheck = z.infer<typeof accountCheck>;

/** Bodies of the agent's events by kind. Run events carry `run` and `fence` in the envelope. */
export const agentEventBodies = {
  /** The listener has started: everything it knows, and which runs it still has on record. */
  hello: z.object({ report: machineReport, installation: z.string() }),
  heartbeat: z.object({ running: z.array(desktopRunId), report: machineReport.optional() }),
  /** `account`: whom the run's user key names here, where it names anybody. */
  accepted: z.object({ account: resolvedAccount.optional() }),
  refused: z.object({ error: errorInfoSchema, account: resolvedAccount.optional() }),
  started: z.object({ at: instant }),
  progress: z.object({
    subflow: z.string().max(200).optional(),
    action: z.string().max(200).optional(),
    percent: z.number().min(0).max(100).optional(),
    message: z.string().max(1_000).optional(),
    usage: usage.optional(),
  }),
  log: z.object({
    first: z.int().min(0),
    lines: z.array(logLine).max(1_000),
    dropped: z.int().min(0).optional(),
  }),
  /** The run's processes stand still; `by` when somebody at the machine did it. */
  paused: z.object({ by: z.string().max(200).optional() }),
  resumed: z.object({ by: z.string().max(200).optional() }),
  /** The answer to a `pause` that cannot be obeyed: the run goes on. */
  notPaused: z.object({ reason: z.string().max(500) }),
  /** Terminal: the run executed and is over. */
  done: z.object({
    outcome: z.enum(['Succeeded', 'Failed', 'Stopped']),
    outputs: z.record(z.string(), z.unknown()).optional(),
    error: errorInfoSchema.optional(),
    usage: usage.optional(),
    artifacts: z.array(z.object({ name: z.string(), bytes: z.int().min(0) })).optional(),
    screenshot: failureScreenshot.optional(),
  }),
  /** Terminal: proof from the journal that this (run, fence) was not started and never will be. */
  never: z.object({ reason: z.string() }),
  /** The answer to `testConnection`. */
  connectionTested: accountCheck.extend({ test: connectionTestId }),
} as const;

export type AgentEventKind = keyof typeof agentEventBodies;
export type AgentEventBody<K extends AgentEventKind> = z.infer<(typeof agentEventBodies)[K]>;
const eventKinds = Object.keys(agentEventBodies) as [AgentEventKind, ...AgentEventKind[]];

/** The signed envelope, the JSON body of each message on `agent-events`. */
export const agentEventEnvelope = z.object({
  v: z.literal(1),
  machine: machineId,
  epoch: z.int().min(1),
  /** Rises with every event of this registration, over restarts too. */
  seq: z.int().min(1),
  time: instant,
  kind: z.enum(eventKinds),
  run: desktopRunId.optional(),
  fence: fence.optional(),
  /** JSON text of the body: signed as it stands. */
  body: z.string(),
  /** Ed25519 over `signedText`, base64. */
  signature: z.string(),
});
export type AgentEventEnvelope = z.infer<typeof agentEventEnvelope>;

/** The text that the machine signs; `bodySha256` is the hex SHA-256 of `body`. */
export function signedText(event: Omit<AgentEventEnvelope, 'signature'>, bodySha256: string): string {
  return [
    'attendant-event-1',
    event.machine,
    event.epoch,
    event.seq,
    event.time,
    event.kind,
    event.run ?? '',
    event.fence ? `${event.fence.epoch}.${event.fence.n}` : '',
    bodySha256,
  ].join('\n');
}

export function eventMessageId(event: Pick<AgentEventEnvelope, 'machine' | 'epoch' | 'seq'>): string {
  return `${event.machine}:${event.epoch}:${event.seq}`;
}
