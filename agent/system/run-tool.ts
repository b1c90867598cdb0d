import { spawn } from 'node:child_process';

export interface ToolResult {
  /** Exit code; undefined when the program could not be started or took too long. */
  code: number | undefined;
  stdout: string;
  /** What the program, or the system about it, has complained of. */
  stderr: string;
}

/** Runs a program of the system to its end. `input` goes to its standard input, never into an argument. Never rejects. */
export type RunTool = (program: string, args: readonly string[], input?: string) => Promise<ToolResult>;

const PATIENCE_MS = 60_000;
const MOST_CHARACTERS = 4_000_000;

export const runTool: RunTool = (program, args, input = '') =>
  new Promise((resolve) => {
    const child = spawn(program, args, { windowsHide: true, timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => (said[name] = (said[name] + text).slice(-MOST_CHARACTERS)));
    }
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', (error) => resolve({ code: undefined, ...said, stderr: error.message }));
    child.once('close', (code) => resolve({ code: code ?? undefined, ...said }));
  });
