import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { upgrade } from '../../agent/cli/upgrade';
import { runTool } from '../../agent/system/run-tool';

/** An agent as far as an upgrade sees it: tells its version, holds the lock of the folder, says its state, and ends as it is told. */
function program(version: string, endAfterMs?: number): string {
  return `
    if (process.argv[2] === '--version') { console.log('${version}'); process.exit(0); }
    const fs = require('node:fs');
    const stat = fs.readFileSync('/proc/self/stat', 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    fs.writeFileSync(process.argv[2] + '/lock.json', JSON.stringify({ pid: process.pid, start }));
    fs.writeFileSync(process.argv[2] + '/status.json', JSON.stringify({ pid: process.pid, state: 'starting' }, null, 2));
    ${endAfterMs === undefined ? 'setInterval(() => undefined, 1000);' : `setTimeout(() => process.exit(1), ${endAfterMs});`}
  `;
}

describe('an upgrade whose program does not start', () => {
  let folder: string;
  let file: string;
  let child: ChildProcess | undefined;
  let running = true;
  const offered = (): string => path.join(folder, 'new.cjs');
  const version = async (): Promise<string> =>
    (await runTool(process.execPath, [file, '--version'])).stdout.trim();

  /** The service: starts the program, and again whenever it ends. */
  function start(): void {
    const own = spawn(process.execPath, [file, folder], { stdio: 'ignore' });
    child = own;
    own.once('exit', () => {
      if (running && child === own) start();
    });
  }

  async function stop(): Promise<void> {
    const old = child;
    child = undefined;
    if (!old) return;
    const gone = new Promise((resolve) => old.once('close', resolve));
    old.kill('SIGKILL');
    await gone;
  }

  const restart = async (): Promise<void> => {
    await stop();
    start();
  };
  const options = (more: Partial<Parameters<typeof upgrade>[0]> = {}): Parameters<typeof upgrade>[0] => ({
    dataDir: folder,
    from: offered(),
    program: file,
    waitMs: 20_000,
    trial: { upMs: 4_000, stayMs: 1_000 },
    runTool,
    restart,
    tell: () => undefined,
    ...more,
  });

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-upgrade-'));
    file = path.join(folder, 'attendant-agent.cjs');
    writeFileSync(file, program('1.0.0'));
    running = true;
    start();
    while (!existsSync(path.join(folder, 'status.json')))
      await new Promise((resolve) => setTimeout(resolve, 10));
  });
  afterEach(async () => {
    running = false;
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function failed(more: Partial<Parameters<typeof upgrade>[0]> = {}): Promise<string> {
    const error: unknown = await upgrade(options(more)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'UpgradeFailed' });
    for (const name of ['attendant-agent.cjs.next', 'upgrade-hold.json'])
      expect(existsSync(path.join(folder, name))).toBe(false);
    return (error as Error).message;
  }

  it('one that starts and stays is kept, with the one before beside it', async () => {
    writeFileSync(offered(), program('1.1.0'));
    expect(await upgrade(options())).toBe('1.1.0');
    expect(await version()).toBe('1.1.0');
    expect(readFileSync(`${file}.previous`, 'utf8')).toContain('1.0.0');
  });

  it('one that ends at once, again and again, is replaced by the one before, which runs; it says so', async () => {
    writeFileSync(offered(), program('1.1.0', 300));
    const message = await failed();
    expect(message).toMatch(/^Version 1\.1\.0 does not start: it was started \d+ times in 4 s and ended\./);
    expect(message).toMatch(/The version before is back and runs\.$/);
    expect(await version()).toBe('1.0.0');
    expect(child?.exitCode).toBeNull();
  });

  it('one that the service refuses to start is replaced too', async () => {
    writeFileSync(offered(), program('1.1.0'));
    let asked = 0;
    const message = await failed({
      restart: async () => {
        if (++asked === 1) throw new Error('Job for attendant-agent.service failed');
        await restart();
      },
    });
    expect(message).toBe(
      'Version 1.1.0 does not start: the service cannot be started: Job for attendant-agent.service failed. ' +
        'The version before is back and runs.',
    );
    expect(await version()).toBe('1.0.0');
  });

  it('when the one before does not start either, that is said', async () => {
    writeFileSync(offered(), program('1.1.0', 1));
    const message = await failed({ restart: async () => stop() });
    expect(message).toMatch(/is back, but does not start either: nothing runs after 4 s\.$/);
    expect(await version()).toBe('1.0.0');
  });

  it('a program that goes on running because nothing restarted it does not count as the new one', async () => {
    writeFileSync(offered(), program('1.1.0'));
    const message = await failed({ restart: async () => undefined });
    expect(message).toMatch(
      /^Version 1\.1\.0 does not start: nothing runs after 4 s\. The version before is back and runs\.$/,
    );
  });
});
