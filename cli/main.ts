#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { runCommandLine } from './program';

/** The launcher needs this Node or a later one; the product brings it along. */
const LAUNCHER_NODE = 24;

function nodeForLauncher(): string {
  if (Number(process.versions.node.split('.')[0]) >= LAUNCHER_NODE) return process.execPath;
  return require.resolve('node/bin/node');
}

function run(script: string, args: string[]): Promise<number> {
  const child = spawn(nodeForLauncher(), ['--no-warnings', script, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; we stay to give its exit code.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

// A reader that has seen enough (`| head`) closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

runCommandLine(
  {
    environment: process.env,
    cwd: process.cwd(),
    interactive: process.stdout.isTTY,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    fetch,
    now: Date.now,
    pause,
    run,
  },
  process.argv.slice(2),
).then(
  (code) => (process.exitCode = code),
  (cause: unknown) => {
    console.error(cause);
    process.exitCode = 1;
  },
);
