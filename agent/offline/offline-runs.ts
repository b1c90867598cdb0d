import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { agentEventBodies, type AgentEventBody, type LogLine } from '../../contracts/agent-protocol';
import { errorInfo } from '../../contracts/errors';
import { desktopRunId } from '../../contracts/ids';
import type { Clock } from '../clock';
import { AgentError, isDiskFull, messageOf } from '../errors';
import type { Log } from '../log';
import { OfflineLog, readOfflineLog, removeOfflineLog } from './offline-log';
import { writeWhole } from './whole-file';

/** A run that this machine started while it was cut off. Times are ms of the machine's clock. */
const offlineRun = z.object({
  run: desktopRunId,
  /** The registration that it belongs to is this machine's. */
  machine: z.string(),
  user: z.string(),
  desktopFlow: z.object({ name: z.string(), version: z.string() }),
  startedMs: z.number(),
  ended: z.object({ atMs: z.number(), body: agentEventBodies.done }).optional(),
});
export type OfflineRun = z.infer<typeof offlineRun>;
export type EndedOfflineRun = OfflineRun & { ended: NonNullable<OfflineRun['ended']> };

/** Runs whose log is kept: a machine may be cut off for weeks. */
const KEEP_LOGS = 100;

export interface OfflineRunsOptions {
  /** They stand in its folder `offline`, from before their start until the control plane has them. */
  dataDir: string;
  machine: string;
  clock: Clock;
  log: Log;
}

/** What the journal knows of a run that has ended. */
export type JournaledEnd = { at: number; body: AgentEventBody<'done'> };

/** The runs that were started here alone and that the control plane has not been told of (docs/adr/0005). */
export class OfflineRuns {
  private readonly runs = new Map<string, OfflineRun>();
  private written: Promise<void> = Promise.resolve();
  private readonly logs = new Map<string, OfflineLog>();

  private constructor(private readonly options: OfflineRunsOptions) {}

  static async open(options: OfflineRunsOptions): Promise<OfflineRuns> {
    const found = new OfflineRuns(options);
    await mkdir(found.folder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(found.folder)).sort()) {
      const run = /^([0-9A-Z]{26}-1)\.json$/.exec(name)?.[1];
      if (run !== undefined) await found.load(run);
    }
    return found;
  }

  /** To be called before the run starts. @throws AgentError MachineDiskFull: what cannot be told later does not start. */
  async begin(run: Omit<OfflineRun, 'machine' | 'startedMs' | 'ended'>): Promise<void> {
    const { machine, clock } = this.options;
    const entry = { ...run, machine, startedMs: clock.now() };
    try {
      await this.save(entry);
    } catch (error) {
      throw new AgentError(isDiskFull(error) ? 'MachineDiskFull' : 'DataFolderUnusable', messageOf(error));
    }
    this.runs.set(run.run, entry);
    this.logs.set(run.run, new OfflineLog(this.file(run.run, 'log')));
    await this.thinLogs();
  }

  /** Told of every run; those of a queue are not here. */
  log(run: string, lines: LogLine[], dropped: number): void {
    this.logs.get(run)?.add(lines, dropped);
  }

  ended(run: string, body: AgentEventBody<'done'>): void {
    const entry = this.runs.get(run);
    if (!entry || entry.ended) return;
    const whole = { ...entry, ended: { atMs: this.options.clock.now(), body } };
    this.runs.set(run, whole);
    // The journal has it too; until that is read again, this process knows.
    this.written = this.written.then(() => this.save(whole)).catch(() => undefined);
  }

  /**
   * Looks up how the runs of an earlier process have ended.
   * @param endOf what the journal says of a run.
   * @param damaged part of the journal is gone: a run that it does not name may have been executed.
   */
  async settle(endOf: (run: string) => JournaledEnd | undefined, damaged: boolean): Promise<void> {
    for (const entry of this.runs.values()) {
      if (entry.ended) continue;
      const end = endOf(entry.run) ?? (damaged ? unknownEnd(this.options.clock.now()) : undefined);
      if (!end) {
        // It was never started.
        await this.forget(entry.run);
        continue;
      }
      const whole = { ...entry, ended: { atMs: end.at, body: end.body } };
      this.runs.set(entry.run, whole);
      await this.save(whole).catch(() => undefined);
    }
  }

  /** Those that are over, in the order of their start. */
  toTell(): EndedOfflineRun[] {
    return [...this.runs.values()].flatMap((run) => (run.ended ? [{ ...run, ended: run.ended }] : []));
  }

  /** The last lines of the run's log. */
  async logOf(run: string): Promise<LogLine[]> {
    await this.logs.get(run)?.flush();
    return readOfflineLog(this.file(run, 'log'));
  }

  /** The control plane has it, or it was never started. */
  async forget(run: string): Promise<void> {
    this.runs.delete(run);
    await this.written;
    await this.dropLog(run);
    await rm(this.file(run, 'json'), { force: true });
  }

  /** The control plane will never take it: for a person to look at. */
  async putAside(run: string): Promise<void> {
    this.runs.delete(run);
    await this.written;
    await rename(this.file(run, 'json'), this.file(run, 'refused')).catch(() => undefined);
  }

  /** @returns when everything so far is on disk, as far as the disk takes it. */
  async flush(): Promise<void> {
    await this.written;
    for (const log of this.logs.values()) await log.flush();
  }

  private async load(run: string): Promise<void> {
    const { machine, log } = this.options;
    try {
      const entry = offlineRun.parse(JSON.parse(await readFile(this.file(run, 'json'), 'utf8')));
      if (entry.machine === machine) this.runs.set(run, entry);
      else await this.forget(run);
    } catch (error) {
      log.error(`What is kept of run ${run} cannot be read and is put aside: ${messageOf(error)}`);
      await this.putAside(run);
    }
  }

  private async thinLogs(): Promise<void> {
    const over = [...this.runs.keys()].slice(0, -KEEP_LOGS);
    for (const run of over) await this.dropLog(run);
  }

  private async dropLog(run: string): Promise<void> {
    await this.logs.get(run)?.flush();
    this.logs.delete(run);
    await removeOfflineLog(this.file(run, 'log'));
  }

  private save(run: OfflineRun): Promise<void> {
    return writeWhole(this.file(run.run, 'json'), JSON.stringify(run));
  }

  private get folder(): string {
    return path.join(this.options.dataDir, 'offline');
  }

  private file(run: string, kind: 'json' | 'log' | 'refused'): string {
    return path.join(this.folder, `${run}.${kind}`);
  }
}

function unknownEnd(at: number): JournaledEnd {
  const error = errorInfo('SessionNotFound', { detail: 'The journal of the agent was damaged.' });
  return { at, body: { outcome: 'Failed', error } };
}
