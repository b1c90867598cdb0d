import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { addSessionCommands } from '../../../agent/cli/session-commands';
import { ownSession } from '../../../agent/session/own';
import type { HeldSession } from '../../../contracts/console';
import { ConsoleFixture, me } from '../../support/agent/console-fixture';
import { newRunId } from '../../support/agent/fake-control-plane';

describe('attendant-agent sessions', () => {
  const since = '2026-01-01T00:00:00.000Z';
  const run = newRunId();
  let fixture: ConsoleFixture;
  let held: HeldSession[];
  let ends: boolean;

  beforeEach(async () => {
    fixture = new ConsoleFixture();
    await fixture.register();
    ends = true;
    held = [
      { id: 'a1', user: 'ann', display: ':100', state: 'used', run, since },
      { id: 'b1', user: 'bob', display: ':101', state: 'kept', since },
    ];
  });
  afterEach(() => fixture.end());

  async function startAgent(): Promise<void> {
    const endHeld = async (id: string): Promise<boolean> => {
      if (ends) held = held.filter((one) => one.id !== id);
      return ends;
    };
    await fixture.startWithConsole(
      { administrator: me },
      { session: { ...ownSession(), held: () => held, endHeld } },
    );
  }

  /** What the command says; questions are answered so. */
  async function say(args: string[], answer?: string): Promise<string[]> {
    const lines: string[] = [];
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    addSessionCommands(program, {
      dataDir: fixture.dataDir,
      say: (line) => lines.push(line),
      ask: async (question) => {
        lines.push(question);
        return answer;
      },
    });
    await program.parseAsync(['sessions', ...args], { from: 'user' });
    return lines;
  }

  it('D2: lists user, display, state, run and since; as JSON too', async () => {
    await startAgent();
    expect(await say(['list'])).toEqual([
      `a1  ann  :100  used by ${run}  since ${since}`,
      `b1  bob  :101  kept  since ${since}`,
    ]);
    expect(JSON.parse((await say(['list', '--json']))[0] ?? '')).toEqual(held);
    held = [];
    expect(await say(['list'])).toEqual(['None.']);
  });

  it('D2: ends a kept one at once, one with a run when that is confirmed', async () => {
    await startAgent();
    expect(await say(['end', ':101'])).toEqual(['The session of bob is ended.']);
    const question = `${run} is in the session of ann and will fail. End it? [y/N] `;
    await expect(say(['end', 'a1'], 'n')).rejects.toMatchObject({
      code: 'RunNotEnded',
      remedy: 'Give --force.',
    });
    // Nobody is there to be asked.
    await expect(say(['end', 'a1'])).rejects.toMatchObject({ code: 'RunNotEnded' });
    expect(held).toHaveLength(1);
    expect(await say(['end', 'a1'], 'y')).toEqual([question, 'The session of ann is ended.']);
    expect(held).toEqual([]);
  });

  it('D2: --force asks nothing; one that is not there, or does not end, is said', async () => {
    await startAgent();
    await expect(say(['end', 'zz'])).rejects.toMatchObject({ code: 'SessionNotFound' });
    ends = false;
    await expect(say(['end', 'a1', '--force'])).rejects.toMatchObject({ code: 'Unavailable' });
    ends = true;
    expect(await say(['end', 'a1', '--force'])).toEqual(['The session of ann is ended.']);
  });

  it('D2: without an agent it lists what is left on record, and cannot end it', async () => {
    const record = {
      id: 'c1',
      user: 'ann',
      uid: 1000,
      gid: 1000,
      home: '/home/ann',
      display: 102,
      state: 'kept',
    };
    const whole = { ...record, cookie: 'c0ffee', folder: '/run/attendant/c1', since: Date.parse(since) };
    mkdirSync(path.join(fixture.dataDir, 'sessions'));
    writeFileSync(path.join(fixture.dataDir, 'sessions/c1.json'), JSON.stringify(whole));
    const lines = await say(['list']);
    expect(lines[0]).toContain('The agent does not run.');
    expect(lines[1]).toBe(`c1  ann  :102  kept  since ${since}`);
    expect(JSON.stringify(await say(['list', '--json']))).not.toContain('c0ffee');
    await expect(say(['end', 'c1'])).rejects.toMatchObject({ code: 'ConsoleNotFound' });
  });
});
