import { spawn, type ChildProcess } from 'node:child_process';
import { statfsSync, writeFileSync } from 'node:fs';
import type { WorkerJob, WorkerMessage, WorkerResult } from '../../contracts/worker-protocol';
import { AgentError, messageOf } from '../errors';
import { flowCommand } from '../runner/commands';
import { killProcesses } from '../process/kill-processes';
import { isElevated } from './elevation';
import { FlowPipe } from './flow-pipe';
import { LineSplitter } from './line-splitter';
import { LogMeter, type LogStream } from './log-meter';
import { MessageFile } from './message-file';
import { failed, outcomeOf } from './outcome';
import { withProcessLimit } from './process-limit';
import { UsageMeter } from './usage';

const LOG_FLUSH_MS = 100;
/** How often the run record learns what the run uses. */
const USAGE_EVERY_MS = 10_000;
/** After the program has ended, output of children that still hold its pipes is awaited this long. */
const DRAIN_MS = 500;
/** Below this a failed run is told that the disk may be why. */
const LITTLE_DISK_BYTES = 1024 * 1024;

type Exit = [code: number | null, signal: NodeJS.Signals | null];

/** The program of one desktop flow: starts it, reads what it says, judges its end. */
export class FlowProcess {
  private stopAsked: 'checkpoint' | 'ask' | undefined;
  private child: ChildProcess | undefined;
  private usageToldAt = -Infinity;
  private endEarly: ((result: WorkerResult) => void) | undefined;

  constructor(
    private readonly job: WorkerJob,
    private readonly tell: (message: WorkerMessage) => void,
  ) {}

  /** checkpoint: leaves the sign that checkpoints look for. ask: also signals everything in the group; this process ignores it. */
  stop(mode: 'checkpoint' | 'ask'): void {
    this.stopAsked = mode === 'ask' ? 'ask' : (this.stopAsked ?? 'checkpoint');
    try {
      writeFileSync(this.job.stopFile, '');
    } catch {
      // A full disk: whoever asks for more than a checkpoint is heard all the same.
    }
    if (mode === 'ask' && this.child && process.platform !== 'win32') process.kill(-process.pid, 'SIGTERM');
  }

  /** Never rejects. */
  async run(): Promise<WorkerResult> {
    try {
      return await this.execute();
    } catch (error) {
      const known = error instanceof AgentError && error.code in expected;
      return known
        ? failed(error.code as keyof typeof expected, error.message)
        : failed('Internal', messageOf(error));
    }
  }

  private async execute(): Promise<WorkerResult> {
    const { job } = this;
    if (!job.allowElevated && (await isElevated())) {
      throw new AgentError(
        'ElevationNotAllowed',
        'The agent would run the desktop flow as an administrator.',
      );
    }
    const { env = {}, ...command } = await flowCommand(job);
    const searchPath = job.env['PATH'] ?? '';
    const { program, args } = await withProcessLimit(command, { max: job.maxProcesses, searchPath });
    const meter = new LogMeter({
      now: Date.now,
      deliver: (lines, dropped) => this.tell({ type: 'log', lines, dropped }),
    });
    const usage = new UsageMeter({ sampled: (now, family) => this.watch(now, family) });
    const child = spawn(program, args, {
      cwd: job.workFolder,
      env: {
        ...job.env,
        ...env,
        ATTENDANT_INPUTS: job.inputsFile,
        ATTENDANT_ARTIFACTS: job.artifactsFolder,
        ATTENDANT_MESSAGES: job.messagesFile,
        ATTENDANT_STOP: job.stopFile,
        ATTENDANT_PIPE: '3',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.child = child;
    // It was asked before there was anything to signal.
    if (this.stopAsked) this.stop(this.stopAsked);
    const flushing = setInterval(() => meter.flush(), LOG_FLUSH_MS);
    try {
      const result = await this.follow(child, meter);
      return { ...result, usage: await usage.end() };
    } catch (error) {
      await usage.end();
      return failed('RunnerNotAvailable', `The program cannot be started: ${messageOf(error)}`);
    } finally {
      clearInterval(flushing);
      meter.end();
    }
  }

  private async follow(child: ChildProcess, meter: LogMeter): Promise<WorkerResult> {
    const hears = {
      progress: (progress: Extract<WorkerMessage, { type: 'progress' }>['progress']) =>
        this.tell({ type: 'progress', progress }),
      warn: (text: string) => meter.say(text),
    };
    const pipe = new FlowPipe(hears);
    const written = new FlowPipe({ ...hears, source: 'the message file', report: pipe.report });
    const file = new MessageFile(this.job.messagesFile, (bytes) => written.write(bytes));
    const early = new Promise<WorkerResult>((resolve) => (this.endEarly = resolve));
    const exit = new Promise<Exit>((resolve, reject) => {
      child.on('error', reject);
      forward(child.stdout, 'out', meter);
      forward(child.stderr, 'err', meter);
      const channel = child.stdio[3];
      if (channel && 'read' in channel) {
        channel.on('data', (chunk: Buffer) => pipe.write(chunk));
        channel.on('error', () => undefined);
      }
      child.on('close', (code, by) => resolve([code, by]));
      child.on('exit', (code, by) => setTimeout(() => resolve([code, by]), DRAIN_MS).unref());
    });
    try {
      const ended = await Promise.race([exit, early]);
      if (!Array.isArray(ended)) return ended;
      pipe.end();
      file.end();
      written.end();
      const [exitCode, signal] = ended;
      return outcomeOf({
        exitCode: exitCode ?? undefined,
        signal: signal ?? undefined,
        stopAsked: this.stopAsked,
        report: pipe.report,
        tail: meter.tail(),
        hint: this.diskHint(),
        schema: this.job.manifest.outputs,
      });
    } finally {
      file.end();
    }
  }

  /** The run record learns what is used; a program that starts processes without end is ended. */
  private watch(
    usage: Extract<WorkerMessage, { type: 'usage' }>['usage'],
    family: ReadonlySet<number>,
  ): void {
    const now = performance.now();
    if (now - this.usageToldAt >= USAGE_EVERY_MS) {
      this.usageToldAt = now;
      this.tell({ type: 'usage', usage });
    }
    const { maxProcesses } = this.job;
    if (family.size <= maxProcesses) return;
    // Before anything is told: with every moment there would be more.
    killProcesses(family);
    const detail = `It had ${family.size} processes; the limit is ${maxProcesses}.`;
    this.endEarly?.(failed('DesktopFlowLimitExceeded', detail, { subCode: 'processes' }));
  }

  private diskHint(): string | undefined {
    try {
      const { bavail, bsize } = statfsSync(this.job.workFolder);
      return bavail * bsize < LITTLE_DISK_BYTES ? 'The disk of the working folder is full.' : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Errors that `run` passes on as they are. */
const expected = { RunnerNotAvailable: 0, ElevationNotAllowed: 0, InvalidPackage: 0 } as const;

function forward(stream: NodeJS.ReadableStream | null, name: LogStream, meter: LogMeter): void {
  const splitter = new LineSplitter((bytes, cut) => meter.add(name, bytes, cut));
  stream?.on('data', (chunk: Buffer) => splitter.write(chunk));
  stream?.on('end', () => splitter.end());
}
