import type {
  FailureScreenshot,
  LogLine,
  MachineCommand,
  MachineReport,
  Usage,
} from '../contracts/agent-protocol';
import type { ActionRecord } from '../contracts/action-records';
import type { Connection } from '../contracts/connections';
import type { DesktopFlowManifest } from '../contracts/desktop-flow';
import type { ErrorInfo } from '../contracts/errors';
import type { Turns } from '../domain/gateways/draw-member';
import type { AttendedNotice } from '../contracts/queues';
import type { Sealer } from '../contracts/sealed-values';
import type { Settings } from '../contracts/settings';
import type { AuditLog } from './audit-ports';
import type { Deliveries, OutgoingEvents, Subscriptions } from './event-ports';
import type { Claims, Flows } from './flow-ports';
import type { EventSources, FlowHealth, Schedules, TriggerHistory } from './trigger-ports';
import type { Processes } from './process-ports';
import type { Grants } from './grant-ports';
import type { GuardedHttp } from './http-guard/guarded-http';

/**
 * What the control plane needs from outside, one narrow interface per store or service. `createPorts` (adapters/ports-factory.ts)
 * builds them from settings; nothing connects before it is used. Instants are ms since the epoch.
 */
export interface Ports {
  settings: Settings;
  /** Time of functions and activities; orchestrators use currentUtcDateTime. */
  now(): number;
  claims: Claims;
  flows: Flows;
  schedules: Schedules;
  triggerHistory: TriggerHistory;
  eventSources: EventSources;
  flowHealth: FlowHealth;
  desktopFlows: DesktopFlows;
  connections: Connections;
  runs: RunIndex;
  grants: Grants;
  actions: ActionRecords;
  machines: Machines;
  presence: Presence;
  bots: Bots;
  groups: Groups;
  gateways: Gateways;
  processes: Processes;
  tokens: RegistrationTokens;
  feed: ChangeFeed;
  commands: Commands;
  machineQueues: MachineQueues;
  blobs: Blobs;
  runLogs: RunLogs;
  secrets: Secrets;
  sealer: Sealer;
  http: GuardedHttp;
  subscriptions: Subscriptions;
  events: OutgoingEvents;
  deliveries: Deliveries;
  audit: AuditLog;
}

export interface StoredDesktopFlow {
  name: string;
  /** SHA-256 of the zip: the package's id. */
  package: string;
  manifest: DesktopFlowManifest;
  updatedMs: number;
}

export interface DesktopFlows {
  put(manifest: DesktopFlowManifest, zip: Uint8Array): Promise<StoredDesktopFlow>;
  get(name: string): Promise<StoredDesktopFlow | undefined>;
  list(): Promise<StoredDesktopFlow[]>;
}

export interface StoredConnection extends Connection {
  /** Where the credential is kept; never the credential itself. */
  secretRef?: string | undefined;
}

export interface Connections {
  put(connection: StoredConnection): Promise<void>;
  get(name: string): Promise<StoredConnection | undefined>;
  list(): Promise<StoredConnection[]>;
}

/** Row of the run index: a projection for lists and for checking agents' events; the orchestration is the truth. */
export interface RunRow {
  run: string;
  kind: 'cloud' | 'desktop';
  /** Cloud flow or desktop flow. */
  name: string;
  state: string;
  requestedMs: number;
  endedMs?: number | undefined;
  error?: ErrorInfo | undefined;
  /** Desktop-flow runs: the grant that may speak for the run. */
  machine?: string | undefined;
  epoch?: number | undefined;
  fence?: number | undefined;
  queue?: string | undefined;
  /** Cluster and member of the gateway route that it took. */
  cluster?: string | undefined;
  gateway?: string | undefined;
  /** When the agent last said anything of the run, to within a few minutes (row H3). */
  heardMs?: number | undefined;
  trigger?: string | undefined;
  startedBy?: string | undefined;
  /** The run whose trigger data it was given (row A6). */
  resubmittedFrom?: string | undefined;
}

export interface RunListQuery {
  top: number;
  /** As given with the page before. */
  continuation?: string | undefined;
  state?: string | undefined;
  /** Cloud-flow runs of this flow. */
  flow?: string | undefined;
  /** Desktop-flow runs of this desktop flow, or that were granted a machine or a place in this queue. */
  desktopFlow?: string | undefined;
  machine?: string | undefined;
  queue?: string | undefined;
  trigger?: string | undefined;
  /** Desktop-flow runs that no cloud-flow run started. */
  alone?: true | undefined;
  startedBy?: string | undefined;
  /** Requested from then (ms), before then. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

export interface RunIndex {
  /** Inserts the row or merges the given fields into it; idempotent. */
  record(row: Partial<RunRow> & Pick<RunRow, 'run'>): Promise<void>;
  get(run: string): Promise<RunRow | undefined>;
  /** Cloud-flow runs, or desktop-flow runs where the query names what only these have; newest first. A page may be short while there is more. */
  list(query: RunListQuery): Promise<{ rows: RunRow[]; continuation?: string }>;
  /** The desktop-flow runs of a cloud-flow run, in order of scheduling. */
  children(run: string): Promise<RunRow[]>;
  /** The runs that repeat this one, in the order of their start (row A6). */
  resubmits(run: string): Promise<string[]>;
  /** Forgets the run and what lists know of it; one that is not there is no error. */
  remove(row: RunRow): Promise<void>;
}

/** Row A8: what the actions of runs, and the rounds of their loops, were given and gave. */
export interface ActionRecords {
  /** Writes them; writing one again changes nothing. */
  put(run: string, records: ActionRecord[]): Promise<void>;
  /** Those directly inside `parent`, in order of their start; rounds of a loop in their order. */
  list(
    run: string,
    query: { parent: string; top: number; after?: string | undefined },
  ): Promise<{ records: ActionRecord[]; continuation?: string }>;
  /** Removes at most `most` of the run's. @returns how many. */
  purge(run: string, most: number): Promise<number>;
}

export interface MachineRow {
  id: string;
  name: string;
  epoch: number;
  publicKey: string;
  sealingKey: string;
  installation: string;
  report: MachineReport;
  registeredMs: number;
  /** When `installation` was last given access. */
  leasedMs?: number | undefined;
  revoked: boolean;
  /** The run queue that the machine serves now: its own (the machine's id; also when absent) or that of a group. */
  queue?: string | undefined;
  /** Number of the last move between queues (rule 8); absent: it has never moved. */
  move?: number | undefined;
  /** The queue that it is on its way to; absent or '': it stays. */
  movingTo?: string | undefined;
  /** Row L10, as it was asked for last; the queue is what obeys it. */
  maintenance?: boolean | undefined;
  /** Row E2. */
  attendedNotice?: AttendedNotice | undefined;
  /** Row F7, ISO 8601; absent or '': the environment's. */
  queueTimeout?: string | undefined;
}

/** What a new registration changes; `epoch` is the new one. */
export type Renewal = Pick<
  MachineRow,
  'epoch' | 'publicKey' | 'sealingKey' | 'installation' | 'report' | 'registeredMs'
>;

/** The run queue that the machine serves, and the number of the move that brought it there. */
export function placeOf(machine: MachineRow): { queue: string; move: number } {
  return { queue: machine.queue ?? machine.id, move: machine.move ?? 1 };
}

/** Columns of a machine that are changed on their own, so that writers of different columns do not undo each other. */
export interface MachineChange {
  name?: string | undefined;
  installation?: string | undefined;
  leasedMs?: number | undefined;
  report?: MachineReport | undefined;
  revoked?: boolean | undefined;
  queue?: string | undefined;
  move?: number | undefined;
  movingTo?: string | undefined;
  maintenance?: boolean | undefined;
  attendedNotice?: AttendedNotice | undefined;
  queueTimeout?: string | undefined;
}

export interface Machines {
  put(machine: MachineRow): Promise<void>;
  /** Changes these columns of a machine that exists and leaves the others. */
  change(id: string, change: MachineChange): Promise<void>;
  /** Puts a new registration in the place of the one before it. @returns false when that is no longer the current one. */
  renew(id: string, renewal: Renewal): Promise<boolean>;
  get(id: string): Promise<MachineRow | undefined>;
  /** As `get`, from memory for a few seconds: for checking each event's signature. */
  getCached(id: string): Promise<MachineRow | undefined>;
  list(): Promise<MachineRow[]>;
}

/** Row B2; its settings and machines are its queue's. */
export interface GroupRow {
  id: string;
  name: string;
  createdMs: number;
  /** Row F7, ISO 8601; absent or '': the environment's. */
  queueTimeout?: string | undefined;
}

export interface Groups {
  put(group: GroupRow): Promise<void>;
  get(id: string): Promise<GroupRow | undefined>;
  list(): Promise<GroupRow[]>;
  remove(id: string): Promise<void>;
}

/** Row B5: a name for a machine, perhaps a member of a cluster. */
export interface GatewayRow {
  name: string;
  machine: string;
  account?: string | undefined;
  cluster?: string | undefined;
  enabled: boolean;
}

export interface ClusterRow {
  name: string;
  /** Row B7. */
  runOnAll: boolean;
  turns: Turns;
}

export interface Gateways {
  put(gateway: GatewayRow): Promise<void>;
  get(name: string): Promise<GatewayRow | undefined>;
  list(): Promise<GatewayRow[]>;
  remove(name: string): Promise<void>;
  putCluster(name: string, change: { runOnAll: boolean }): Promise<void>;
  getCluster(name: string): Promise<ClusterRow | undefined>;
  listClusters(): Promise<ClusterRow[]>;
  removeCluster(name: string): Promise<void>;
  /** Changes the turns of a cluster as if nobody else did at the same time; `change` may be called more than once. */
  changeTurns(name: string, change: (cluster: ClusterRow) => Turns): Promise<ClusterRow | undefined>;
}

export interface PresenceRow {
  machine: string;
  seq: number;
  lastSeenMs: number;
  online: boolean;
  installation: string;
}

export interface Presence {
  /** Writes unless a higher sequence number is known (blueprint, "Presence"). @returns false when it was older. */
  seen(row: PresenceRow): Promise<boolean>;
  markOffline(machine: string, seq: number): Promise<boolean>;
  get(machine: string): Promise<PresenceRow | undefined>;
  list(): Promise<PresenceRow[]>;
}

/** Row H1: how many unattended bots the environment has. */
export interface Bots {
  /** @returns undefined when they are not limited. */
  get(): Promise<number | undefined>;
  put(bots: number | undefined): Promise<void>;
}

/** One registration of a machine: each raises the epoch by one (docs/adr/0002). */
export interface Registration {
  machine: string;
  epoch: number;
}

export interface RegistrationTokens {
  /** @returns the token's text, shown once; only its hash is kept. */
  issue(expiresMs: number, renews?: Registration): Promise<string>;
  /**
   * Spends the token for `publicKey`; asking again with the same key is answered alike.
   * @returns the machine to register: `machine`, or the one that the token renews.
   */
  spend(
    token: string,
    publicKey: string,
    machine: string,
    nowMs: number,
  ): Promise<{ machine: string; renews?: Registration } | 'invalid'>;
}

export interface FeedEntry {
  queue: string;
  number: number;
  atMs: number;
  change: unknown;
}

/** Numbered changes of each queue; insert-if-absent, so appending twice is harmless. */
export interface ChangeFeed {
  append(entries: FeedEntry[]): Promise<void>;
  read(queue: string, after: number, top: number): Promise<FeedEntry[]>;
  /** What people did to the run while it was queued (row F10), over all queues. */
  ofRun(run: string): Promise<FeedEntry[]>;
  /** Forgets what `ofRun` gives. */
  forgetRun(run: string): Promise<void>;
  /** Calls `listener` with the queue after each append of this process; a reader hears of other processes' by reading. */
  onAppended(listener: (queue: string) => void): void;
}

export interface Commands {
  /** Sends to the machine's own queue; `ttlMs` bounds how long the broker keeps it. */
  send(command: MachineCommand, options?: { ttlMs?: number; attempt?: number }): Promise<void>;
}

/** The port that creates and removes machines' command queues (on Azure by ARM, locally by the broker). */
export interface MachineQueues {
  ensure(machine: string): Promise<void>;
  remove(machine: string): Promise<void>;
  /** Name of the queue that carries the machine's commands, as `ensure` made or assigned it. */
  queueName(machine: string): Promise<string>;
  /** Short-lived connection strings: Listen on the command queue, Send on agent-events. */
  access(machine: string, expiresMs: number): Promise<{ commands: string; events: string }>;
}

/** Bytes under keys of `/`-separated segments (adapters/blobs/blob-keys.ts makes them). */
export interface Blobs {
  /** Writes or overwrites; whole or not at all. */
  put(key: string, content: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  /** Adds to the end, creating the blob when it is missing. A key that was `put` is never appended to. */
  append(key: string, content: Uint8Array): Promise<void>;
  /** Keys that begin with `prefix`, in order of key. */
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
  /** Removes all keys that begin with `folder`, which ends with `/`. */
  removeAll(folder: string): Promise<void>;
}

export interface Progress {
  subflow?: string | undefined;
  action?: string | undefined;
  percent?: number | undefined;
  message?: string | undefined;
  usage?: Usage | undefined;
  /** Once it has failed (row L8). */
  screenshot?: FailureScreenshot | undefined;
  atMs: number;
}

/** Log lines and progress of desktop-flow runs; `first` numbers the lines, so that a repeated event adds nothing. */
export interface RunLogs {
  append(run: string, first: number, lines: LogLine[]): Promise<void>;
  /**
   * Lines from number `after` on (0 = from the start), at most `top`; `next` is what to ask with next. Lines that are still
   * on their way are waited for: nothing behind a gap is shown until the gap has stood for a while.
   */
  read(run: string, after: number, top: number): Promise<{ lines: LogLine[]; next: number }>;
  progress(run: string, progress: Progress): Promise<void>;
  lastProgress(run: string): Promise<Progress | undefined>;
  /** Forgets the progress of all desktop-flow runs of a cloud-flow run; their lines are blobs below their folders. */
  forgetProgress(cloudRun: string): Promise<void>;
}

/** Credentials of connections. What is put can be read by the activity that sends it on, and by nobody through the API. */
export interface Secrets {
  /** @returns the reference to keep in place of the value; an earlier value of the same name is replaced. */
  put(name: string, value: string): Promise<string>;
  get(ref: string): Promise<string | undefined>;
}
