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
import { killRemains, signalGroup } from '../process/process-group';
import { identify } from '../process/process-identity';
import type { ProcessIdentity } from '../protocol/records';
import type { Session } from '../session/session';
import type { RunHooks } from './runner';

const TAIL_CHARS = 4_000;

/** The worker lies one folder up and is run as this process is. */
export function defaultWorkerCommand(): string[] {
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
  log: Log;
}

/** The listener's side of one worker: starts it, asks it to stop, kills its group, judges its death. */
export class WorkerProcess {
  /** How the run ended; never rejects, and no process of the run is left when it resolves. */
  readonly ended: Promise<WorkerResult>;
  private child: ChildProcess | undefined;
  private result: WorkerResult | undefined;
  private killTimer: NodeJS.Timeout | undefined;
  private killAt = Infinity;
  private stopAsked = false;
  private paused = false;
  private tail = '';

  constructor(private readonly options: WorkerProcessOptions) {
    this.ended = this.execute();
  }

  stop(graceMs: number): void {
    this.stopAsked = true;
    if (this.paused) void this.resume();
    this.send({ type: 'stop' });
    const killAt = performance.now() + graceMs;
    if (killAt >= this.killAt) return;
    this.killAt = killAt;
    clearTimeout(this.killTimer);
    this.killTimer = setTimeout(() => this.kill(), graceMs);
  }

  async pause(): Promise<boolean> {
    if (!this.child?.pid || this.result || this.stopAsked) return false;
    this.paused = true;
    await signalGroup(this.child.pid, 'SIGSTOP');
    return process.platform !== 'win32';
  }

  async resume(): Promise<boolean> {
    if (!this.child?.pid || this.result) return false;
    this.paused = false;
    await signalGroup(this.child.pid, 'SIGCONT');
    return process.platform !== 'win32';
  }

  private async execute(): Promise<WorkerResult> {
    let worker: ProcessIdentity | undefined;
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
      worker = child.pid === undefined ? undefined : await identify(child.pid);
      if (worker) await this.options.hooks.worker(worker);
      this.send({ type: 'start', job: this.options.job });
      how = await exit;
    } catch (error) {
      how = messageOf(error);
    } finally {
      clearTimeout(this.killTimer);
    }
    if (!(await killRemains({ worker, mark: this.options.mark }))) {
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
      case 'ended':
        this.result = message.data.result;
        this.kill();
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
