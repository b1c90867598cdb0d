import { rename, writeFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { AgentEventBody } from '../../contracts/agent-protocol';
import { consoleRun, type ConsoleRun, type ConsoleRunState } from '../../contracts/console';
import type { ErrorInfo } from '../../contracts/errors';
import type { Clock } from '../clock';
import type { RunWatch } from '../listener/run-watch';
import { isHere } from '../protocol/fence';
import type { GoCommand } from '../protocol/decide';
import type { ConsoleUsers } from './users';

/** A run and the person whose it is: nobody else sees it. */
const boardRun = consoleRun.extend({ owner: z.string() });
export type BoardRun = z.infer<typeof boardRun>;

/** Ended runs that are kept, per machine. */
const KEEP = 50;

const ended: ReadonlySet<ConsoleRunState> = new Set(['Succeeded', 'Failed', 'Stopped']);
export function hasEnded(state: ConsoleRunState): boolean {
  return ended.has(state);
}

export interface RunBoardOptions {
  /** The board is kept here over restarts. */
  dataDir: string;
  clock: Clock;
  users: Pick<ConsoleUsers, 'ownerOf'>;
}

/**
 * The runs that people at this machine may see: those that they started there, and attended runs from the portal that are announced by a
 * banner (row E2). Other runs of the portal are not here at all (row K5).
 */
export class RunBoard implements Omit<RunWatch, 'log'> {
  private readonly runs = new Map<string, BoardRun>();
  private readonly listeners = new Set<(run: BoardRun, before: BoardRun | undefined) => void>();
  private written: Promise<void> = Promise.resolve();

  private constructor(private readonly options: RunBoardOptions) {}

  static async open(options: RunBoardOptions): Promise<RunBoard> {
    const board = new RunBoard(options);
    const text = await readFile(board.file, 'utf8').catch(() => '[]');
    for (const run of z.array(boardRun).catch([]).parse(parsed(text))) board.runs.set(run.run, run);
    return board;
  }

  /**
   * Ends the runs of an earlier process.
   * @param outcomeOf what the journal says of a run.
   */
  settle(outcomeOf: (run: string) => AgentEventBody<'done'> | undefined): void {
    for (const { run, state, here } of this.all()) {
      const body = outcomeOf(run);
      // One that waits in the queue is asked after (console.ts).
      if (body || here || state !== 'Waiting') this.ended(run, body ?? { outcome: 'Stopped' });
    }
  }

  /** @returns a function that ends the listening. */
  onChange(listener: (run: BoardRun, before: BoardRun | undefined) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get(run: string): BoardRun | undefined {
    return this.runs.get(run);
  }

  /** Newest first. */
  of(owner: string): BoardRun[] {
    return this.all().filter((run) => run.owner === owner);
  }

  all(): BoardRun[] {
    return [...this.runs.values()].toReversed();
  }

  /** A run that was asked for and waits for its turn, or that starts here. */
  add(run: Pick<BoardRun, 'run' | 'flow' | 'owner' | 'here'>): void {
    this.put({ ...run, origin: 'console', state: 'Waiting', since: this.now() });
  }

  /** The control plane's word on a run that has ended without having executed here. */
  refused(run: string, state: ConsoleRunState, error: ErrorInfo | undefined): void {
    this.change(run, { state, endedAt: this.now(), ...(error ? { error } : {}) });
  }

  starting({ run, fence, desktopFlow, user, origin, notice }: GoCommand): void {
    if (origin === undefined && notice === undefined) return;
    if (this.runs.has(run)) return this.change(run, { state: 'Running', since: this.now() });
    void this.options.users.ownerOf(user).then((owner) =>
      this.put({
        run,
        flow: desktopFlow.name,
        owner,
        origin: origin ?? 'portal',
        here: isHere(fence),
        state: 'Running',
        since: this.now(),
      }),
    );
  }

  progress(run: string, { subflow, action, percent, message }: Partial<ConsoleRun>): void {
    this.change(run, { subflow, action, percent, message });
  }

  frozen(run: string, paused: boolean): void {
    if (this.runs.get(run)?.state !== 'Stopping') this.change(run, { state: paused ? 'Paused' : 'Running' });
  }

  stopping(run: string): void {
    this.change(run, { state: 'Stopping' });
  }

  ended(run: string, { outcome, error }: AgentEventBody<'done'>): void {
    this.change(run, { state: outcome, endedAt: this.now(), ...(error ? { error } : {}) });
  }

  /** @returns when everything so far is on disk. */
  async close(): Promise<void> {
    await this.written;
  }

  private change(id: string, part: Partial<BoardRun>): void {
    const run = this.runs.get(id);
    if (run && !hasEnded(run.state)) this.put({ ...run, ...part });
  }

  private put(run: BoardRun): void {
    const before = this.runs.get(run.run);
    this.runs.set(run.run, run);
    this.forget();
    if (before?.state !== run.state) this.save();
    for (const listener of this.listeners) listener(run, before);
  }

  private forget(): void {
    const over = [...this.runs.values()].filter(({ state }) => hasEnded(state));
    for (const { run } of over.slice(0, Math.max(0, over.length - KEEP))) this.runs.delete(run);
  }

  private get file(): string {
    return path.join(this.options.dataDir, 'console-runs.json');
  }

  private save(): void {
    this.written = this.written.then(async () => {
      const text = JSON.stringify([...this.runs.values()]);
      // What people see of the past is not worth stopping runs for a full disk.
      await writeFile(`${this.file}.next`, text, { mode: 0o600 })
        .then(() => rename(`${this.file}.next`, this.file))
        .catch(() => undefined);
    });
  }

  private now(): string {
    return new Date(this.options.clock.now()).toISOString();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
