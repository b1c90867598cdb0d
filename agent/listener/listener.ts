import {
  machineCommand,
  type AgentEventBody,
  type MachineReport,
  type StopMode,
  type TestConnectionCommand,
} from '../../contracts/agent-protocol';
import type { LeaseResponse } from '../../contracts/agent-api';
import { every, type Clock, type Monotonic } from '../clock';
import type { ControlPlane } from '../control-plane/control-plane';
import { errorInfo, type ErrorInfo } from '../../contracts/errors';
import { messageOf } from '../errors';
import type { Identity } from '../identity/identity';
import type { Journal } from '../journal/journal';
import type { Settlement } from '../link/link';
import type { Log } from '../log';
import type { Outbox } from '../outbox/outbox';
import {
  decide,
  decideRestart,
  type AgentInput,
  type Circumstances,
  type Decision,
  type GoCommand,
  type StopOrder,
} from '../protocol/decide';
import type { EventRecord, JournalRecord } from '../protocol/records';
import { fenceHere, isHere } from '../protocol/fence';
import { decideHere } from '../protocol/here';
import type { Runner, RunHandle } from '../runner/runner';
import type { RunWatch } from './run-watch';

export interface AgentParts {
  identity: Identity;
  installation: string;
  journal: Journal;
  outbox: Outbox;
  controlPlane: ControlPlane;
  runner: Runner;
  /** See SessionPort. */
  accountOf(userKey: string): Promise<string | undefined>;
  /** @throws AgentError UnsupportedOs. */
  report(): Promise<MachineReport>;
  watch?: RunWatch | undefined;
  /** Never rejects. */
  checkAccount(command: TestConnectionCommand): Promise<AgentEventBody<'connectionTested'>>;
  /** Why runs are refused for a while, beside a disk that fails. */
  heldBack(): string | undefined;
  clock: Clock;
  monotonic: Monotonic;
  log: Log;
}

/** Used until the first lease tells the control plane's values. */
const DEFAULT_GO_WINDOW_MS = 10 * 60_000;

/** Somebody at the machine who stops a run gives it as long as the control plane does by default. */
const STOP_GRACE_MS = 60_000;

/** A wish of somebody at the machine; the last three end the run (contracts/agent-protocol.ts, `StopMode`). */
export interface LocalControl {
  what: 'pause' | 'resume' | StopMode;
  by: string;
}

/** A run whose `started` record took longer to reach the disk is not executed: its owner may have given it up (rule 2). */
const LATEST_START_MS = 60_000;

/**
 * The listener: takes commands, decides with the journal (protocol/decide.ts), journals, then answers and acts. It runs no
 * desktop flow itself and outlives every worker.
 */
export class Listener {
  private readonly running = new Map<string, RunHandle>();
  /** What user keys of offers name here. */
  private readonly accounts = new Map<string, string>();
  private readonly lapses = new Map<string, () => void>();
  /** Runs that the control plane wants ended, as opposed to those that end with the agent. */
  private readonly askedToStop = new Set<string>();
  /** Who at the machine wanted which run to end. */
  private readonly stoppedHere = new Map<string, string>();
  private goWindowMs = DEFAULT_GO_WINDOW_MS;
  private maxSessions = 1;
  private heartbeatMs = 0;
  private stopHeartbeat: (() => void) | undefined;
  private lastReport = '';
  private stopped = false;
  /** Why no run is accepted just now. */
  unable: string | undefined;

  constructor(private readonly parts: AgentParts) {}

  /** Ends what an earlier process left, answers for its runs, says hello. */
  async recover(): Promise<void> {
    const { journal, runner, log, outbox, clock, installation } = this.parts;
    const workers = [...journal.state.runs.values()].flatMap((entry) =>
      entry.state === 'started' && entry.worker ? [entry.worker] : [],
    );
    await runner.clean(workers);
    const decision = decideRestart(journal.state, clock.now(), journal.damage !== undefined);
    for (const record of decision.records) {
      const what = record.k === 'done' ? 'was interrupted and is reported as failed' : 'was never started';
      log.warn(`Run ${record.run} of the process before ${what}.`);
    }
    await this.commit(decision);
    const report = await this.refreshReport();
    outbox.live('hello', { report, installation });
  }

  /** Handles one command of the queue. @returns when its effect is on disk. */
  async command(body: unknown): Promise<Settlement> {
    const command = machineCommand.safeParse(body);
    if (!command.success) {
      this.parts.log.warn(`A command was not understood and is put aside: ${command.error.message}`);
      return { deadLetter: command.error.message.slice(0, 1_000) };
    }
    const { machine } = this.parts.identity;
    if (command.data.machine !== machine) {
      this.parts.log.warn(`A command for ${command.data.machine} reached ${machine} and is put aside.`);
      return { deadLetter: `This is ${machine}.` };
    }
    if (command.data.kind === 'testConnection') await this.testConnection(command.data);
    else await this.input(command.data);
    return 'complete';
  }

  leased(lease: LeaseResponse): void {
    this.goWindowMs = lease.settings.goWindowMs;
    // A lease that arrives while the agent stops begins nothing any more.
    if (this.stopped || this.heartbeatMs === lease.settings.heartbeatMs) return;
    this.heartbeatMs = lease.settings.heartbeatMs;
    this.stopHeartbeat?.();
    this.beat();
    this.stopHeartbeat = every(this.parts.clock, this.heartbeatMs, () => this.beat());
  }

  runs(): string[] {
    return [...this.running.keys()];
  }

  /**
   * Pauses, resumes or stops a run for somebody at the machine; the control plane is told. Not for its own commands.
   * @returns false when the run does not execute here, or cannot be paused.
   */
  async control(run: string, { what, by }: LocalControl): Promise<boolean> {
    const handle = this.running.get(run);
    if (!handle) return false;
    if (what === 'pause' || what === 'resume') return this.freeze(run, what, by);
    this.stoppedHere.set(run, by);
    this.stopRun(run, { mode: what, graceMs: STOP_GRACE_MS, reason: 'cancelled' });
    return true;
  }

  /** Ends the running desktop flows; what they were doing is reported as failed. */
  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    this.stopHeartbeat?.();
    for (const cancel of this.lapses.values()) cancel();
    this.lapses.clear();
    const handles = [...this.running.values()];
    for (const handle of handles) handle.stop({ mode: 'ask', graceMs, reason: 'cancelled' });
    await Promise.all(handles.map((handle) => handle.ended));
    // With a broken disk the ends cannot be journaled; the next start reports them.
    while (this.running.size > 0 && !this.unable) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Row B9. Nothing is journaled: whoever asked does not wait longer than half a minute. */
  private async testConnection(command: TestConnectionCommand): Promise<void> {
    if (command.epoch !== this.parts.identity.epoch) return;
    this.parts.outbox.live('connectionTested', await this.parts.checkAccount(command));
  }

  /**
   * Starts a run that somebody at the machine wants while the control plane cannot be asked (docs/adr/0005).
   * @returns why it cannot start now.
   */
  async startHere(
    start: Omit<GoCommand, 'v' | 'kind' | 'machine' | 'fence'>,
  ): Promise<ErrorInfo | undefined> {
    const { journal, identity } = this.parts;
    const fence = fenceHere(identity.epoch);
    const command: GoCommand = { ...start, v: 1, kind: 'go', machine: identity.machine, fence };
    await this.resolve(command.userKey);
    const decision = decideHere(journal.state, command, this.circumstances());
    if ('refused' in decision) return decision.refused;
    await this.commit(decision);
    return undefined;
  }

  private async input(input: AgentInput): Promise<void> {
    // A `go` finds what its offer has found: it may not come later than the `stop` after it.
    if (input.kind === 'offer') await this.resolve(input.userKey);
    await this.commit(decide(this.parts.journal.state, input, this.circumstances()));
  }

  private circumstances(): Circumstances {
    const { clock, monotonic, identity } = this.parts;
    return {
      now: monotonic(),
      wallNow: clock.now(),
      goWindowMs: this.goWindowMs,
      maxSessions: this.maxSessions,
      epoch: identity.epoch,
      accounts: this.accounts,
      unable: this.stopped ? 'The agent is shutting down.' : (this.unable ?? this.parts.heldBack()),
    };
  }

  private async resolve(userKey: string): Promise<void> {
    const account = await this.parts.accountOf(userKey);
    if (account === undefined) this.accounts.delete(userKey);
    else this.accounts.set(userKey, account);
  }

  /** Puts records and events on disk in one write, then lets the events go and acts. */
  private async commit(decision: Decision): Promise<void> {
    const { journal, outbox, controlPlane, monotonic } = this.parts;
    const { records, events, highest, action } = decision;
    if (this.unable && records.length === 0 && events.every((event) => event.kind === 'refused')) {
      for (const { kind, body, run, fence } of events) outbox.live(kind, body, { run, fence });
      return;
    }
    let id = journal.state.lastEventId;
    const eventRecords = events.map(({ kind, run, fence, body }): EventRecord => ({
      k: 'event',
      id: ++id,
      kind,
      run,
      fence,
      time: controlPlane.time(),
      // The run's own record holds the body of `done`, which may be large.
      ...(kind === 'done' ? {} : { body: JSON.stringify(body) }),
    }));
    const decidedAt = monotonic();
    // Also without records: what was decided before is on disk and done before this is done.
    const marks: JournalRecord[] = highest ? [{ k: 'highest', fence: highest }] : [];
    const written = journal.append([...records, ...marks, ...eventRecords]);
    for (const record of records) this.watchGoWindow(record);
    await written;
    for (const event of eventRecords) outbox.journaled(event.id);
    if (action?.do === 'start') {
      if (monotonic() - decidedAt <= LATEST_START_MS) this.startRun(action.command);
      else await this.failLateStart(action.command);
    } else if (action?.do === 'stop') this.stopRun(action.run, action.order);
    else if (action) await this.freeze(action.run, action.do);
  }

  private watchGoWindow(record: Decision['records'][number]): void {
    const { run, fence } = record;
    this.lapses.get(run)?.();
    this.lapses.delete(run);
    if (record.k !== 'accepted') return;
    const { clock, monotonic } = this.parts;
    const until = monotonic() + this.goWindowMs;
    const arm = (): void => {
      const leftMs = until - monotonic();
      if (leftMs <= 0) void this.input({ kind: 'lapsed', run, fence });
      else this.lapses.set(run, clock.at(clock.now() + leftMs, arm));
    };
    arm();
  }

  private startRun(command: GoCommand): void {
    const { journal, runner, outbox, log, monotonic, watch } = this.parts;
    const { run, fence } = command;
    const reported = !isHere(fence);
    const entry = journal.state.runs.get(run);
    if (entry?.state !== 'started' || this.stopped) return;
    log.info(`Run ${run} starts: ${command.desktopFlow.name} ${command.desktopFlow.version}.`);
    let said: AgentEventBody<'progress'> = {};
    const tell = (now: AgentEventBody<'progress'>): void => {
      said = now;
      if (reported) outbox.setProgress(run, fence, said);
    };
    watch?.starting(command);
    const handle = runner.start(command, {
      worker: (process) => journal.append([{ k: 'worker', run, fence, process }]),
      progress: (progress) => {
        tell({ ...(said.usage ? { usage: said.usage } : {}), ...progress });
        watch?.progress(run, progress);
      },
      usage: (usage) => tell({ ...said, usage }),
      log: (lines, dropped) => {
        if (reported) outbox.addLog(run, fence, lines, dropped);
        watch?.log(run, lines, dropped);
      },
    });
    this.running.set(run, handle);
    const began = monotonic();
    void handle.ended
      .then(async (ended) => {
        const interrupted = this.stopped && ended.outcome === 'Stopped' && !this.askedToStop.has(run);
        const error = errorInfo('SessionNotFound', { detail: 'The agent was shut down in mid-run.' });
        const by = ended.outcome === 'Stopped' ? this.stoppedHere.get(run) : undefined;
        const body = interrupted
          ? { ...ended, outcome: 'Failed' as const, error }
          : {
              ...ended,
              ...(by ? { error: errorInfo('Cancelled', { details: `by ${by} at the machine` }) } : {}),
            };
        const seconds = ((monotonic() - began) / 1000).toFixed(1);
        log.info(
          `Run ${run} ended ${body.outcome} after ${seconds} s${body.error ? `: ${body.error.code}` : ''}.`,
        );
        watch?.ended(run, body);
        await this.input({ kind: 'ended', run, fence, body });
      })
      .catch((error: unknown) => log.error(`Run ${run} cannot be reported: ${messageOf(error)}`))
      .finally(() => {
        this.running.delete(run);
        this.askedToStop.delete(run);
        this.stoppedHere.delete(run);
      });
  }

  private failLateStart({ run, fence }: GoCommand): Promise<void> {
    const error = errorInfo('UIFlowAgentNotAvailable', {
      detail: 'The disk of the machine did not take the start in time.',
    });
    return this.input({ kind: 'ended', run, fence, body: { outcome: 'Failed', error } });
  }

  private stopRun(run: string, order: StopOrder): void {
    const handle = this.running.get(run);
    if (!handle) return;
    this.askedToStop.add(run);
    this.parts.watch?.stopping(run);
    handle.stop(order);
  }

  private async freeze(run: string, what: 'pause' | 'resume', by?: string): Promise<boolean> {
    const { journal, outbox, log, watch } = this.parts;
    const entry = journal.state.runs.get(run);
    const handle = this.running.get(run);
    if (!handle || !entry) return false;
    const done = what === 'pause' ? await handle.pause() : await handle.resume();
    const event = what === 'pause' ? 'paused' : 'resumed';
    if (done) watch?.frozen(run, what === 'pause');
    if (done && !isHere(entry.fence)) {
      outbox.live(event, by === undefined ? {} : { by }, { run, fence: entry.fence });
    } else if (what === 'pause' && by === undefined)
      outbox.live('notPaused', { reason: whyNotPaused() }, { run, fence: entry.fence });
    log.info(
      `Run ${run} ${done ? `is ${event}` : `cannot be ${event}`}${by === undefined ? '' : ` by ${by}`}.`,
    );
    return done;
  }

  private beat(): void {
    const running = this.runs();
    void this.refreshReport()
      .then((report) => {
        const text = JSON.stringify(report);
        const changed = text !== this.lastReport;
        this.lastReport = text;
        this.parts.outbox.live('heartbeat', changed ? { running, report } : { running });
      })
      .catch((error: unknown) => {
        this.parts.log.warn(`The machine cannot be examined: ${messageOf(error)}`);
        this.parts.outbox.live('heartbeat', { running });
      });
  }

  private async refreshReport(): Promise<MachineReport> {
    const report = await this.parts.report();
    this.maxSessions = report.maxSessions;
    return report;
  }
}

function whyNotPaused(): string {
  return process.platform === 'win32' ? 'Processes cannot be frozen on Windows.' : 'The run is ending.';
}
