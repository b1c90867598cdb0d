import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { startOf } from '../../../../agent/process/process-identity';
import { bridge, NOT_STARTED, type BridgeJob } from '../../../../agent/session/windows/bridge';
import { root } from '../../../support/agent/agent-fixture';

/** The real bridge, with a socket in place of the named pipe and no task in between. */
let folder: string;
let inside: ChildProcess | undefined;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-bridge-'))));
afterEach(() => {
  inside?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function job(script: string, program = process.execPath): BridgeJob {
  const secret = 's'.repeat(64);
  return {
    pipe: process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 'pipe'),
    secret,
    program,
    args: ['-e', script],
    cwd: folder,
    env: { GREETING: 'hello' },
  };
}

async function startInside({ pipe, secret }: BridgeJob): Promise<void> {
  const args = [
    '--require',
    path.join(root, 'test/support/run-ts.cjs'),
    path.join(root, 'agent/bundle.ts'),
    'in-session',
    pipe,
    secret,
  ];
  inside = spawn(process.execPath, args, { stdio: 'inherit' });
}

function streams() {
  const said = { out: '', err: '' };
  const [input, output, error] = [new PassThrough(), new PassThrough(), new PassThrough()];
  output.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  error.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  return { input, output, error, said };
}

test('input, output, errors, environment and exit code are those of the program', async () => {
  const { said, ...io } = streams();
  const work =
    job(`process.stdin.on('data', (d) => process.stdout.write(process.env.GREETING + ' ' + d + process.cwd()));
    process.stdin.on('end', () => { console.error('over'); process.exitCode = 7; });`);
  io.input.end('wörld ');
  expect(await bridge(work, () => startInside(work), io)).toBe(7);
  expect(said).toEqual({ out: `hello wörld ${folder}`, err: 'over\n' });
});

test('a program that does not exist is said', async () => {
  const { said, ...io } = streams();
  const work = job('', path.join(folder, 'missing'));
  expect(await bridge(work, () => startInside(work), io)).toBe(NOT_STARTED);
  expect(said.err).toContain('ENOENT');
});

test('who does not know the secret is not talked to', async () => {
  const { said, ...io } = streams();
  const work = job(`console.log('mine')`);
  const stranger = async (): Promise<void> => {
    const socket = connect(work.pipe);
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.write('{"secret":"guessed"}\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(heard).toBe('');
    await startInside(work);
  };
  expect(await bridge(work, stranger, io)).toBe(0);
  expect(said.out).toBe('mine\n');
});

test('when the agent`s end is gone, the program in the session is ended', async () => {
  const work = job(`console.log(process.pid); setInterval(() => {}, 1000)`);
  const near = spawn(
    process.execPath,
    [
      '--require',
      path.join(root, 'test/support/run-ts.cjs'),
      '-e',
      `const { bridge } = require(${JSON.stringify(path.join(root, 'agent/session/windows/bridge.ts'))});
       void bridge(${JSON.stringify(work)}, async () => console.log('listens'), { input: process.stdin, output: process.stdout, error: process.stderr });`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let said = '';
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const [, found = ''] = pattern.exec(said) ?? [];
      if (found) return found;
      await new Promise((resolve) => near.stdout.once('data', resolve));
    }
  };
  near.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(/(listens)/);
  await startInside(work);
  const gone = new Promise((resolve) => inside?.once('close', resolve));
  const pid = Number(await until(/^(\d+)\n/m));
  expect(await startOf(pid)).toBeDefined();
  near.kill('SIGKILL');
  await gone;
  expect(await startOf(pid)).toBeUndefined();
});
