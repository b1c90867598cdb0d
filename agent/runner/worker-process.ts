import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  workerMessage,
  type WorkerCommand,
  type WorkerJob,
  type WorkerResult,
} from '../../contracts/worker-protocol';
import { AgentError, hasCode, messageOf } from '../errors';
import { failed } from '../flow/outcome';
import type { Log } from '../log';
import { freezeGroup, killRemains, signalGroup } from '../process/process-group';
import { identify } from '../process/process-identity';
import type { StopOrder } from '../protocol/decide';
import type { ProcessIdentity } from '../protocol/records';
import type { Session } from '../session/session';
import { BUNDLE_FILE } from '../version';
import type { RunHooks } from './runner';

const TAIL_CHARS = 4_000;

/** The worker lies one folder up, or is part of the bundle (agent/bundle.ts), and is run as this process is. */
export function defaultWorkerCommand(): string[] {
  if (path.basename(__filename) === BUNDLE_FILE)
    return [process.execPath, ...process.execArgv, __filename, 'worker'];
  const file = path.join(__dirname, '..', `worker${path.extname(__filename)}`);
  return [process.execPath, ...process.execArgv, file];
}

export interface WorkerProcessOptions {
  command: string[];
  session: Session;
  /** Environment mark of the run's processes. */
  mark: string;
  job: WorkerJob;
  hooks: RunHooks;
  /** The run has failed and its processes still stand: the moment for a picture. Never rejects. */
  atFailure: () => Promise<unknown>;
  log: Log;
}

/** The listener's side of one worker: starts it, asks it to stop, kills its group, judges its death. */
export class WorkerProcess {
  /** How the run ended; never rejects, and no process of the run is left when it resolves. */
  readonly ended: Promise<WorkerResult>;
  private child: ChildProcess | undefined;
  private result: WorkerResult | undefined;
  private worker: ProcessIdentity | undefined;
  private killTimer: NodeJS.Timeout | undefined;
  private killAt = Infinity;
  /** Asked to end, not only to stop at a checkpoint. */
  private stopAsked = false;
  private paused = false;
  /** Freezing and thawing take a moment: one after the other, and each does what is wanted by then. */
  private freezing: Promise<boolean>;
  private readonly identified: { known: Promise<boolean>; settle: () => void };
  private tail = '';

  constructor(private readonly options: WorkerProcessOptions) {
    let settle = (): void => undefined;
    this.identified = {
      known: new Promise((resolve) => (settle = () => resolve(true))),
      settle: () => settle(),
    };
    this.freezing = this.identified.known;
    this.ended = this.execute();
  }

  stop({ mode = 'ask', graceMs, reason }: StopOrder): void {
    if (mode === 'kill') {
      this.stopAsked = true;
      return this.kill();
    }
    if (mode === 'ask') this.stopAsked = true;
    // What hangs is worth a picture, before it is asked to go away.
    const ready = reason === 'timedOut' ? this.options.atFailure() : Promise.resolve();
    void ready.then(async () => {
      // A frozen process hears nothing.
      this.paused = false;
      await this.freeze();
      this.send({ type: 'stop', mode });
      if (mode === 'ask') this.killAfter(graceMs);
    });
  }

  async pause(): Promise<boolean> {
    if (this.result || this.stopAsked) return false;
    this.paused = true;
    return this.freeze();
  }

  async resume(): Promise<boolean> {
    if (this.result) return false;
    this.paused = false;
    return this.freeze();
  }

  private freeze(): Promise<boolean> {
    const { mark } = this.options;
    return (this.freezing = this.freezing.then(() =>
      freezeGroup({ worker: this.worker, mark }, this.paused ? 'SIGSTOP' : 'SIGCONT'),
    ));
  }

  private killAfter(graceMs: number): void {
    const killAt = performance.now() + graceMs;
    if (killAt >= this.killAt) return;
    this.killAt = killAt;
    clearTimeout(this.killTimer);
    this.killTimer = setTimeout(() => this.kill(), graceMs);
  }

  private async execute(): Promise<WorkerResult> {
    let how: string;
    try {
      const child = this.spawn();
      this.child = child;
      const exit = new Promise<string>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      });
      exit.catch(() => undefined);
      this.listen(child);
      this.worker = child.pid === undefined ? undefined : await identify(child.pid);
      if (this.worker) await this.options.hooks.worker(this.worker);
      this.identified.settle();
      this.send({ type: 'start', job: this.options.job });
      how = await exit;
    } catch (error) {
      how = messageOf(error);
    } finally {
      this.identified.settle();
      clearTimeout(this.killTimer);
    }
    if (!this.result && !this.stopAsked) await this.options.atFailure();
    if (!(await killRemains({ worker: this.worker, mark: this.options.mark }))) {
      this.options.log.warn(`Processes of run ${this.options.job.run} do not end.`);
    }
    if (this.result) return this.result;
    if (this.stopAsked) return { outcome: 'Stopped' };
    return failed('SessionNotFound', `The worker of the run died (${how}).`, {
      details: this.tail && `Last lines:\n${this.tail}`,
    });
  }

  private spawn(): ChildProcess {
    const { command, session, job } = this.options;
    const [program, ...args] = command;
    if (!program) throw new AgentError('Internal', 'There is no worker command.');
    return session.spawn(program, args, {
      cwd: job.workFolder,
      env: job.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group, and on POSIX a session, of its own.
      detached: true,
      windowsHide: true,
    });
  }

  private listen(child: ChildProcess): void {
    child.stdin?.on('error', (error) => {
      if (!hasCode(error, 'EPIPE') && !hasCode(error, 'ECONNRESET')) this.options.log.warn(messageOf(error));
    });
    child.stderr?.on('data', (chunk: Buffer) => this.remember(chunk.toString('utf8')));
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.receive(line));
  }

  private receive(line: string): void {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return this.remember(`${line}\n`);
    }
    const message = workerMessage.safeParse(json);
    if (!message.success) return this.remember(`${line}\n`);
    switch (message.data.type) {
      case 'log':
        for (const { text } of message.data.lines.slice(-20)) this.remember(`${text}\n`);
        return this.options.hooks.log(message.data.lines, message.data.dropped);
      case 'progress':
        return this.options.hooks.progress(message.data.progress);
      case 'usage':
        return this.options.hooks.usage(message.data.usage);
      case 'ended':
        this.result = message.data.result;
        if (this.result.outcome !== 'Failed') return this.kill();
        void this.options.atFailure().then(() => this.kill());
    }
  }

  private remember(text: string): void {
    this.tail = (this.tail + text).slice(-TAIL_CHARS);
  }

  private send(command: WorkerCommand): void {
    if (this.child?.stdin?.writable) this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  private kill(): void {
    if (this.child?.pid && this.child.exitCode === null) void signalGroup(this.child.pid, 'SIGKILL');
  }
}
