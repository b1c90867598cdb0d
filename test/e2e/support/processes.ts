import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The product's folder: dist, examples, README. */
export const ROOT = resolve(__dirname, '../../..');

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a built script of the product to its end. @throws when it takes longer than `withinMs`, having killed it */
export async function runScript(
  script: string,
  args: string[],
  options: { env?: Record<string, string | undefined>; cwd?: string; withinMs?: number } = {},
): Promise<Ended> {
  return runProgram(process.execPath, ['--no-warnings', resolve(ROOT, 'dist', script), ...args], options);
}

export async function runProgram(
  program: string,
  args: string[],
  options: { env?: Record<string, string | undefined>; cwd?: string; withinMs?: number } = {},
): Promise<Ended> {
  const { withinMs = 90_000, cwd = ROOT } = options;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, withinMs);
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', (exitCode) => done(exitCode));
  });
  clearTimeout(timer);
  if (late) throw new Error(`${program} ${args.join(' ')} took over ${withinMs} ms.\n${out}${err}`);
  return { code, out, err };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return stateOf(pid) !== 'Z';
  } catch {
    return false;
  }
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Pids of the processes below `pid`, nearest first. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? fields(Number(name))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found: number[] = [];
  for (let level = [pid]; level.length > 0;) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([child]) => child);
    found.push(...level);
  }
  return found;
}

function stateOf(pid: number): string | undefined {
  return fields(pid)?.[0];
}

/** State, parent, … of /proc/<pid>/stat, behind the name. */
function fields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
