import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Console, type ConsoleParts } from '../../../agent/console/console';
import { RunBoard } from '../../../agent/console/run-board';
import { AgentError } from '../../../agent/errors';
import { VirtualClock } from '../../../local/clock';

describe('a run that was started at the machine', () => {
  const clock = new VirtualClock();
  let dataDir: string;
  let board: RunBoard;
  let answer: () => void = () => undefined;
  let console: Console;
  const asked: string[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'attendant-console-'));
    board = await RunBoard.open({ dataDir, clock, users: { ownerOf: () => undefined } as never });
    const manifest = { name: 'invoices', version: '1.0.0', runner: 'node', entry: 'main.js' };
    const parts = {
      machine: 'office',
      board,
      flows: { list: async () => [{ manifest, package: 'hash', here: true }] },
      controlPlane: {
        time: () => new Date(clock.now()).toISOString(),
        startConsoleRun: () => new Promise<void>((resolve) => (answer = resolve)),
        consoleRun: async (run: string) => {
          asked.push(run);
          throw new AgentError('RunNotFound', 'There is no run of this id.');
        },
      },
      connection: () => 'connected',
      clock,
    } as unknown as ConsoleParts;
    console = new Console(parts);
  });
  afterEach(async () => {
    console.close();
    await board.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('K1: is asked after when the control plane has taken it, and not while the request is on its way', async () => {
    const idle = () => new Promise<void>((resolve) => setImmediate(resolve));
    const started = console.start('ann', 'invoices', {});
    await idle();
    await clock.advanceTo(clock.now() + 10_000, idle);
    expect(asked).toEqual([]);
    expect(board.all()).toMatchObject([{ state: 'Waiting' }]);
    answer();
    const run = await started;
    await clock.advanceTo(clock.now() + 2_000, idle);
    expect(asked).toEqual([run]);
    expect(board.all()).toMatchObject([{ state: 'Failed', error: { code: 'RunNotFound' } }]);
  });
});
