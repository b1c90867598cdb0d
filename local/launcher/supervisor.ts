import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** How a supervised process ended for good. */
export interface GaveUp {
  name: string;
  code: number | null;
}

export interface SupervisedOptions {
  name: string;
  /** Program that runs the script (see `nodeProgram`). */
  node: string;
  script: string;
  args: string[];
  env?: Record<string, string>;
  /** Own process group: Ctrl-C in the terminal reaches only the launcher, which then ends the child in order. */
  detached?: boolean;
  onLine: (line: string) => void;
  onMessage?: (message: unknown) => void;
  /** Exit codes that a restart would not mend (bad configuration, port in use). */
  fatalCodes?: number[];
  onGaveUp: (end: GaveUp) => void;
}

const OLDEST_NODE = 24;

/** Node as pinned by the product, where the one that runs this is older. */
export function nodeProgram(root: string): string {
  const pinned = join(root, 'node_modules/node/bin/node');
  const major = Number(process.versions.node.split('.')[0]);
  return major < OLDEST_NODE && existsSync(pinned) ? pinned : process.execPath;
}

/**
 * Flags of the processes that are kept running. Left to itself V8 lets the heap of a busy host grow to several times what is in use;
 * letting it grow by less than half between two collections costs little (docs/performance.md).
 */
export const NODE_FLAGS = ['--no-warnings', '--max-semi-space-size=8', '--heap-growing-percent=30'];

const FIRST_RESTART_MS = 100;
const LONGEST_RESTART_MS = 5_000;
/** A child that lived this long starts again without delay. */
const STABLE_MS = 10_000;
/** A child that never lived that long is given up after this many starts. */
const MOST_STARTS = 6;
const KILL_AFTER_MS = 15_000;

/** Keeps one child process running: restarts it with growing delays until `stop`. */
export class Supervised {
  private child: ChildProcess | undefined;
  private stopping = false;
  private delayMs = FIRST_RESTART_MS;
  private restart: NodeJS.Timeout | undefined;
  private failedStarts = 0;

  constructor(private readonly options: SupervisedOptions) {
    this.start();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Asks the child to end and kills it when it does not. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    child.kill('SIGTERM');
    await gone;
    clearTimeout(kill);
  }

  private start(): void {
    const startedAt = Date.now();
    const child = spawn(this.options.node, [...NODE_FLAGS, this.options.script, ...this.options.args], {
      env: { ...process.env, ...this.options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: this.options.detached ?? false,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) if (stream) this.readLines(stream);
    child.on('message', (message) => this.options.onMessage?.(message));
    child.on('exit', (code) => this.ended(code, Date.now() - startedAt));
  }

  private ended(code: number | null, livedMs: number): void {
    if (this.stopping) return;
    this.failedStarts = livedMs > STABLE_MS ? 0 : this.failedStarts + 1;
    if ((code !== null && this.options.fatalCodes?.includes(code)) || this.failedStarts >= MOST_STARTS) {
      this.options.onGaveUp({ name: this.options.name, code });
      return;
    }
    if (livedMs > STABLE_MS) this.delayMs = FIRST_RESTART_MS;
    this.options.onLine(`${this.options.name} ended unexpectedly (${code ?? 'killed'}); starting it again`);
    this.restart = setTimeout(() => this.start(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, LONGEST_RESTART_MS);
  }

  private readLines(stream: NodeJS.ReadableStream): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.options.onLine(line);
    });
  }
}
