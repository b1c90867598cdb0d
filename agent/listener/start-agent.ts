import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock, systemMonotonic, type Clock, type Monotonic } from '../clock';
import { ControlPlane } from '../control-plane/control-plane';
import { AgentError } from '../errors';
import { lockFolder } from '../identity/data-lock';
import { installationOf, readRegistered, type Identity } from '../identity/identity';
import { Signer } from '../identity/keys';
import { Journal } from '../journal/journal';
import { Connection, defaultRetry, type RetryOptions } from '../link/connection';
import type { OpenLink } from '../link/link';
import { openServiceBusLink } from '../link/service-bus-link';
import type { AgentStatus } from '../link/status';
import { silentLog, type Log } from '../log';
import { OfflineRuns, type JournaledEnd } from '../offline/offline-runs';
import { tellOfflineRuns } from '../offline/tell-offline-runs';
import { Outbox } from '../outbox/outbox';
import { PackageStore } from '../package/package-store';
import { processRunner } from '../runner/process-runner';
import { sealedRuns } from '../runner/sealed-runs';
import type { Runner } from '../runner/runner';
import { ownSession } from '../session/own';
import type { SessionPort } from '../session/session';
import { checkAccount } from '../session/session-request';
import { FlowShelf } from '../console/flow-shelf';
import { RunBoard } from '../console/run-board';
import { startConsole, type ConsoleOptions } from '../console/start-console';
import { Listener, type LocalControl } from './listener';
import { machineReport } from './machine-report';
import { watchedBy } from './run-watch';
import { heldBack } from './upgrade-hold';

export interface AgentOptions {
  /** Folder of a registered machine (see `register`). */
  dataDir: string;
  /** Address of the control plane, where it is no longer the one given at registration. */
  url?: string;
  clock?: Clock;
  /** Defaults to the system's monotonic clock, or to `clock` where one is given. */
  monotonic?: Monotonic;
  log?: Log;
  fetch?: typeof fetch;
  openLink?: OpenLink;
  /** Default: a worker process per run. */
  runner?: Runner;
  /** Program and arguments of the worker process. */
  workerCommand?: string[];
  /** Default: runs execute in the agent's own session. */
  session?: SessionPort;
  /** Row C3: without it a run whose program would have the privileges of an administrator is refused. */
  allowElevated?: boolean;
  /** The pages and notices for people at the machine; absent: none. */
  console?: ConsoleOptions;
  /** More processes than that end a run; default 1,000. */
  maxProcesses?: number;
  retry?: Partial<RetryOptions>;
  /** Called at every change of state. */
  onStatus?: (status: AgentStatus) => void;
}

export interface StopOptions {
  /** How long running desktop flows may take to end, milliseconds. */
  graceMs?: number;
  /** How long unsent events may take, milliseconds; the rest is sent after the next start. */
  flushMs?: number;
}

/** A running agent. */
export interface Agent {
  readonly machine: string;
  status(): AgentStatus;
  /** Port of the console's pages. */
  readonly consolePort: number | undefined;
  /** Ids of the runs that execute now. */
  runs(): string[];
  /** For somebody at the machine: see Listener.control. */
  control(run: string, wish: LocalControl): Promise<boolean>;
  stop(options?: StopOptions): Promise<void>;
}

/** Where the state of the running agent is shown to other programs. */
export const statusFileName = 'status.json';

/**
 * Starts an agent on a registered data folder: ends what an earlier process left, answers for its runs, then connects and
 * stays connected.
 * @returns as soon as it works on its own; being connected shows in `status()`.
 * @throws AgentError NotRegistered, DataFolderInUse, DataFolderUnusable, UnsupportedOs.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { dataDir, log = silentLog } = options;
  const identity = await readRegistered(dataDir);
  const unlock = await lockFolder(dataDir);
  try {
    return await startLocked(options, identity, log, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function startLocked(
  options: AgentOptions,
  identity: Identity,
  log: Log,
  unlock: () => Promise<void>,
): Promise<Agent> {
  const { dataDir, clock = systemClock } = options;
  const monotonic = options.monotonic ?? (options.clock ? () => clock.now() : systemMonotonic);
  const { machine, epoch } = identity;
  const installation = installationOf(dataDir);
  const signer = new Signer(machine, identity.signing.privateKey);
  const controlPlane = new ControlPlane({
    url: options.url ?? identity.url,
    clock,
    signer,
    ...(options.fetch ? { fetch: options.fetch } : {}),
  });
  const session = options.session ?? ownSession();
  const packages = new PackageStore(dataDir, controlPlane);
  const executing =
    options.runner ??
    processRunner({
      dataDir,
      installation,
      controlPlane,
      packages,
      session,
      sealingKey: identity.sealing.privateKey,
      log,
      allowElevated: options.allowElevated ?? false,
      ...(options.maxProcesses ? { maxProcesses: options.maxProcesses } : {}),
      ...(options.workerCommand ? { workerCommand: options.workerCommand } : {}),
    });
  const runner = sealedRuns(executing, identity.sealing.privateKey);

  const status = new StatusBoard(dataDir, clock, log, options.onStatus);
  const journal = await Journal.open({
    folder: dataDir,
    clock,
    monotonic,
    onTrouble: (reason) => {
      listener.unable = reason;
      status.trouble(reason);
    },
  });
  if (journal.damage) {
    log.error(
      `JournalDamaged: lines ${journal.damage.lines.join(', ')} of the journal cannot be read. The file was kept as ` +
        `${journal.damage.copy}; open runs are reported as failed. Check the disk.`,
    );
  }
  if (!journal.state.begins) {
    if (!journal.damage) {
      await journal.close();
      throw new AgentError('JournalLost', `${dataDir} holds ${machine} but no journal of its runs.`);
    }
    await journal.append([{ k: 'begins', machine, epoch }]);
  }
  const outbox = new Outbox({ journal, signer, machine, epoch, time: () => controlPlane.time() });
  const board = options.console && (await RunBoard.open({ dataDir, clock, users: options.console.users }));
  const offline = await OfflineRuns.open({ dataDir, machine, clock, log });
  const listener = new Listener({
    identity,
    installation,
    journal,
    outbox,
    controlPlane,
    runner,
    accountOf: async (userKey) => session.accountOf?.(userKey),
    watch: watchedBy(...(board ? [board] : []), offline),
    report: () => machineReport(session, runner),
    checkAccount: (command) => checkAccount(session, command, identity.sealing.privateKey),
    heldBack: () => heldBack(dataDir, clock),
    clock,
    monotonic,
    log,
  });
  await listener.recover();
  const endOf = (run: string): JournaledEnd | undefined => {
    const entry = journal.state.runs.get(run);
    return entry?.state === 'done' ? entry : undefined;
  };
  board?.settle((run) => endOf(run)?.body);
  await offline.settle(endOf, journal.damage !== undefined);
  const connection = new Connection({
    controlPlane,
    installation,
    outbox,
    openLink: options.openLink ?? openServiceBusLink,
    retry: { ...defaultRetry, ...options.retry },
    command: (body) => listener.command(body),
    leased: (lease) => listener.leased(lease),
    status: (now) => status.set(now),
  });
  const console =
    board &&
    options.console &&
    (await startConsole({
      options: options.console,
      machine: identity.name,
      dataDir,
      board,
      flows: new FlowShelf(packages, controlPlane),
      controlPlane,
      listener,
      offline,
      session,
      connection: () => status.status.state,
      clock,
      log,
    }));
  const stopTelling = tellOfflineRuns({
    runs: offline,
    controlPlane,
    dataDir,
    isConnected: () => status.status.state === 'connected',
    clock,
    log,
  });
  connection.start();

  let stopping: Promise<void> | undefined;
  const stop = async ({ graceMs = 5_000, flushMs = 2_000 }: StopOptions): Promise<void> => {
    await listener.stop(graceMs);
    await console?.close();
    await stopTelling();
    await offline.flush();
    await connection.stop(status.status.state === 'connected' ? flushMs : 0);
    status.set({ state: 'stopped' });
    await status.written;
    await journal.close();
    await unlock();
  };
  return {
    machine,
    consolePort: console?.port,
    status: () => status.status,
    runs: () => listener.runs(),
    control: (run, wish) => listener.control(run, wish),
    stop: (stopOptions = {}) => (stopping ??= stop(stopOptions)),
  };
}

/** The agent's state, for callers and in a file for `attendant-agent status`. */
class StatusBoard {
  status: AgentStatus;
  written: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataDir: string,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly changed: ((status: AgentStatus) => void) | undefined,
  ) {
    this.status = { state: 'starting', since: this.now() };
  }

  set(next: Omit<AgentStatus, 'since'>): void {
    const { since: _, trouble, ...current } = this.status;
    if (JSON.stringify(current) === JSON.stringify(next)) return;
    this.publish({ ...next, since: this.now(), ...(trouble ? { trouble } : {}) });
    const { state, code, message, remedy } = next;
    const text = [code ? `${state} (${code})` : state, message, remedy].filter(Boolean).join(' ');
    if (state === 'connected' || state === 'stopped') this.log.info(`Agent is ${text}.`);
    else this.log.warn(`Agent is ${text}`);
  }

  trouble(reason: string | undefined): void {
    if (reason === this.status.trouble) return;
    const { trouble: _, ...rest } = this.status;
    this.publish(reason ? { ...rest, trouble: reason } : rest);
    if (reason) this.log.error(`${reason}. No run is accepted until the disk works again.`);
    else this.log.info('The journal can be written again.');
  }

  private publish(status: AgentStatus): void {
    this.status = status;
    this.changed?.(status);
    const file = path.join(this.dataDir, statusFileName);
    this.written = this.written.then(async () => {
      try {
        await writeFile(`${file}.next`, JSON.stringify({ pid: process.pid, ...status }, null, 2), {
          mode: 0o600,
        });
        await rename(`${file}.next`, file);
      } catch {
        // a full disk must not end the agent; the state is in the log too
      }
    });
  }

  private now(): string {
    return new Date(this.clock.now()).toISOString();
  }
}
