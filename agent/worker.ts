import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  workerCommand,
  type WorkerJob,
  type WorkerMessage,
  type WorkerResult,
} from '../contracts/worker-protocol';
import { AgentError, messageOf } from './errors';
import { FlowPipe } from './flow/flow-pipe';
import { LineSplitter } from './flow/line-splitter';
import { LogMeter, type LogStream } from './flow/log-meter';
import { failed, outcomeOf } from './flow/outcome';
import { UsageMeter } from './flow/usage';
import { flowCommand } from './runner/commands';

/*
 * The worker: one process per run, leader of a process group that the desktop flow's program joins. It waits for `start`,
 * runs the program, tells how it ended and waits to be killed with what is left of its group. When the listener is gone
 * (end of standard input) it kills the group, itself included.
 */

const LOG_FLUSH_MS = 100;
/** After the program has ended, output of children that still hold its pipes is awaited this long. */
const DRAIN_MS = 500;

let stopAsked = false;
let ask: (() => void) | undefined;

function tell(message: WorkerMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function killGroup(): void {
  process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL');
}

async function execute(job: WorkerJob): Promise<WorkerResult> {
  const meter = new LogMeter({
    now: Date.now,
    deliver: (lines, dropped) => tell({ type: 'log', lines, dropped }),
  });
  const pipe = new FlowPipe({
    progress: (progress) => tell({ type: 'progress', progress }),
    warn: (text) => meter.say(text),
  });
  const { program, args } = await flowCommand({
    manifest: job.manifest,
    folder: job.packageFolder,
    searchPath: job.env['PATH'] ?? '',
  });
  const usage = new UsageMeter();
  const child = spawn(program, args, {
    cwd: job.workFolder,
    env: {
      ...job.env,
      ATTENDANT_INPUTS: job.inputsFile,
      ATTENDANT_ARTIFACTS: job.artifactsFolder,
      ATTENDANT_PIPE: '3',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const flushing = setInterval(() => meter.flush(), LOG_FLUSH_MS);
  const channel = child.stdio[3];
  ask = () => {
    stopAsked = true;
    if (channel && 'write' in channel) channel.write('{"type":"stop"}\n');
    // Everything in the group is asked; this process ignores it.
    if (process.platform !== 'win32') process.kill(-process.pid, 'SIGTERM');
  };
  if (stopAsked) ask();
  try {
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
      (resolve, reject) => {
        child.on('error', reject);
        forward(child.stdout, 'out', meter);
        forward(child.stderr, 'err', meter);
        if (channel && 'read' in channel) {
          channel.on('data', (chunk: Buffer) => pipe.write(chunk));
          channel.on('error', () => undefined);
        }
        child.on('close', (code, by) => resolve([code, by]));
        child.on('exit', (code, by) => setTimeout(() => resolve([code, by]), DRAIN_MS).unref());
      },
    );
    pipe.end();
    const result = outcomeOf({
      exitCode: exitCode ?? undefined,
      signal: signal ?? undefined,
      stopAsked,
      report: pipe.report,
      tail: meter.tail(),
      schema: job.manifest.outputs,
    });
    return { ...result, usage: await usage.end() };
  } catch (error) {
    await usage.end();
    return failed('RunnerNotAvailable', `The program cannot be started: ${messageOf(error)}`);
  } finally {
    clearInterval(flushing);
    meter.flush();
  }
}

function forward(stream: NodeJS.ReadableStream | null, name: LogStream, meter: LogMeter): void {
  const splitter = new LineSplitter((bytes, cut) => meter.add(name, bytes, cut));
  stream?.on('data', (chunk: Buffer) => splitter.write(chunk));
  stream?.on('end', () => splitter.end());
}

async function run(job: WorkerJob): Promise<void> {
  const result = await execute(job).catch((error: unknown) =>
    error instanceof AgentError &&
    error.code in { RunnerNotAvailable: 0, ElevationNotAllowed: 0, InvalidPackage: 0 }
      ? failed(error.code as 'RunnerNotAvailable', error.message)
      : failed('Internal', messageOf(error)),
  );
  tell({ type: 'ended', result });
}

process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.stdout.on('error', killGroup);
const commands = createInterface({ input: process.stdin });
commands.on('close', killGroup);
commands.on('line', (line) => {
  const command = workerCommand.parse(JSON.parse(line));
  if (command.type === 'start') void run(command.job);
  else {
    stopAsked = true;
    ask?.();
  }
});
