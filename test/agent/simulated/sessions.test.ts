import type { OsFamily } from '../../../contracts/agent-protocol';
import type { errorCatalogue } from '../../../contracts/errors';
import { sessionPlan } from '../../../domain/sessions/session-plan';
import { planWithoutTerms } from '../../../agent/session/session-case';
import {
  SimulatedMachine,
  type SimulatedMachineOptions,
} from '../../../agent/session/simulated/simulated-machine';

/* The session rules as a run meets them at its very start, on machines that exist in memory only. */

const instant = { wait: async () => undefined };
const families: OsFamily[] = ['windows10', 'windows11', 'server2016', 'server2019', 'server2022', 'linux'];

function machine(os: OsFamily, options: Partial<SimulatedMachineOptions> = {}): SimulatedMachine {
  const users = [
    { name: 'Anna' },
    { name: 'bob' },
    { name: 'carol' },
    { name: 'eve', password: 'refused' as const },
  ];
  return new SimulatedMachine({ name: 'desk', os, users, pace: instant, ...options });
}

const unattended = { mode: 'unattended', userKey: 'anna' } as const;
const attended = { mode: 'attended', userKey: 'anna' } as const;

function reuse(os: OsFamily, multipleSessionsPerUser = false) {
  const plan = sessionPlan({ mode: 'unattended' }, { os, reuse: true, multipleSessionsPerUser });
  return { ...unattended, plan };
}

const refused = (code: keyof typeof errorCatalogue) => ({ code });

test.each(families)('%s: without rules from the control plane those without reuse hold', (os) => {
  for (const mode of ['attended', 'unattended'] as const) {
    expect(planWithoutTerms(os, mode)).toEqual(
      sessionPlan({ mode }, { os, reuse: false, multipleSessionsPerUser: false }),
    );
  }
});

describe.each(['windows10', 'windows11'] as const)('%s', (os) => {
  test.each(['active', 'locked', 'disconnected'] as const)(
    "C4: anybody's %s session keeps an unattended run off",
    async (state) => {
      for (const user of ['anna', 'bob']) {
        const desk = machine(os, { sessions: [{ user, state }] });
        await expect(desk.open(unattended)).rejects.toMatchObject(refused('Win10AlreadyHasActiveSession'));
      }
    },
  );

  test.each(['locked', 'disconnected'] as const)(
    'D3: with reuse on the own %s session is used',
    async (state) => {
      const desk = machine(os, { sessions: [{ user: 'anna', state }] });
      await (await desk.open(reuse(os))).close();
      expect(desk.describe()).toEqual([{ user: 'Anna', state: 'locked', busy: false }]);
    },
  );

  test("D3: with reuse on an unlocked session or somebody else's gives C4", async () => {
    const unlocked = machine(os, { sessions: [{ user: 'anna', state: 'active' }] });
    await expect(unlocked.open(reuse(os))).rejects.toMatchObject(refused('Win10AlreadyHasActiveSession'));
    const other = machine(os, { sessions: [{ user: 'bob', state: 'locked' }] });
    await expect(other.open(reuse(os))).rejects.toMatchObject(refused('Win10AlreadyHasActiveSession'));
  });

  test('F1: one session at a time', () => {
    expect(machine(os, { rds: true, maxSessions: 5 }).sessionLimit).toBe(1);
  });
});

describe.each(['server2016', 'server2019', 'server2022'] as const)('%s', (os) => {
  test.each(['active', 'locked', 'disconnected'] as const)(
    'C5: the own %s session keeps an unattended run off',
    async (state) => {
      const desk = machine(os, { sessions: [{ user: 'anna', state }] });
      await expect(desk.open(unattended)).rejects.toMatchObject(
        refused('SessionExistsForTheUserWhenUnattended'),
      );
    },
  );

  test("C9: other people's sessions do not matter", async () => {
    const desk = machine(os, { sessions: [{ user: 'bob', state: 'locked' }] });
    expect(await desk.open(unattended)).toMatchObject({ user: 'Anna' });
  });

  test('C9: reuse on: locked and disconnected are used, active is C5', async () => {
    const desk = machine(os, { sessions: [{ user: 'anna', state: 'disconnected' }] });
    await (await desk.open(reuse(os))).close();
    desk.unlock('anna');
    await expect(desk.open(reuse(os))).rejects.toMatchObject(
      refused('SessionExistsForTheUserWhenUnattended'),
    );
  });

  test('G2: without Remote Desktop Services two sessions, people counted; then TooManyActiveSessions', async () => {
    const desk = machine(os, { maxSessions: 9, sessions: [{ user: 'bob', state: 'active' }] });
    expect(await desk.report()).toMatchObject({ maxSessions: 2, rds: false });
    const first = await desk.open(unattended);
    const carol = { ...unattended, userKey: 'carol' };
    await expect(desk.open(carol)).rejects.toMatchObject(refused('TooManyActiveSessions'));
    await first.close();
    expect(await desk.open(carol)).toMatchObject({ user: 'carol' });
  });

  test('G1: with Remote Desktop Services the configured maximum, found by the agent', async () => {
    const desk = machine(os, { rds: true, maxSessions: 3 });
    expect(await desk.report()).toMatchObject({ maxSessions: 3, rds: true });
    const users = await Promise.all(
      ['anna', 'bob', 'carol'].map(async (userKey) => (await desk.open({ ...unattended, userKey })).user),
    );
    expect(users).toEqual(['Anna', 'bob', 'carol']);
  });

  test('G3: the same user never has two runs: the second is refused', async () => {
    const desk = machine(os, { rds: true, maxSessions: 3 });
    await desk.open(unattended);
    await expect(desk.open(unattended)).rejects.toMatchObject(
      refused('SessionExistsForTheUserWhenUnattended'),
    );
  });
});

describe.each(families.filter((os) => os !== 'linux'))('%s', (os) => {
  test('D1: a new session for the run, signed off at its end', async () => {
    const desk = machine(os);
    const session = await desk.open(unattended);
    expect(desk.describe()).toEqual([{ user: 'Anna', state: 'active', busy: true }]);
    await session.close();
    expect(desk.describe()).toEqual([]);
  });

  test('D2: with reuse on there is none yet: made, locked at the end, used by the next run', async () => {
    const desk = machine(os);
    await (await desk.open(reuse(os))).close();
    expect((await desk.report()).sessions).toEqual([
      { user: 'Anna', userKey: 'anna', account: 'account:anna', state: 'locked' },
    ]);
    await (await desk.open(reuse(os))).close();
    expect(desk.describe()).toEqual([{ user: 'Anna', state: 'locked', busy: false }]);
  });

  test('D5: reuse is refused where a user may hold several sessions', async () => {
    const desk = machine(os, { multipleSessionsPerUser: true });
    await expect(desk.open(reuse(os, true))).rejects.toMatchObject(refused('SessionReuseNotPossible'));
  });

  test('D6: a session to be reused that has vanished is made anew', async () => {
    const desk = machine(os, { sessions: [{ user: 'anna', state: 'locked' }] });
    desk.reboot();
    expect(await desk.open(reuse(os))).toMatchObject({ user: 'Anna' });
  });

  test('wrong password and unknown account; the place is free again', async () => {
    const desk = machine(os);
    for (const userKey of ['eve', 'nobody']) {
      await expect(desk.open({ ...unattended, userKey })).rejects.toMatchObject(
        refused('SessionCreationInvalidCredentials'),
      );
    }
    expect(desk.describe()).toEqual([]);
  });
});

describe.each(families)('%s', (os) => {
  test('E1: attended uses the active session and leaves it', async () => {
    const desk = machine(os, { sessions: [{ user: 'Anna', state: 'active' }] });
    await (await desk.open(attended)).close();
    expect(desk.describe()).toEqual([{ user: 'Anna', state: 'active', busy: false }]);
  });

  test('E1: not signed in, locked, disconnected', async () => {
    const desk = machine(os, { rds: true, maxSessions: 2 });
    await expect(desk.open(attended)).rejects.toMatchObject(refused('AttendedUserNotLoggedIn'));
    desk.signIn('anna');
    desk.lock('anna');
    await expect(desk.open(attended)).rejects.toMatchObject(refused('AttendedUserSessionNotActive'));
    desk.disconnect('anna');
    await expect(desk.open(attended)).rejects.toMatchObject(refused('AttendedUserSessionNotActive'));
    desk.unlock('anna');
    expect(await desk.open(attended)).toMatchObject({ user: 'Anna' });
  });

  test('a connection without a user runs in the session of the agent', async () => {
    expect(await machine(os).open({ mode: 'attended', userKey: '@agent' })).toMatchObject({
      user: 'the agent',
    });
  });
});

test('C6: on Linux each run has an X session of its own beside those of people', async () => {
  const desk = machine('linux', { maxSessions: 2, sessions: [{ user: 'anna', state: 'active' }] });
  const session = await desk.open(unattended);
  expect(desk.describe()).toHaveLength(2);
  await session.close();
  expect(desk.describe()).toEqual([{ user: 'Anna', state: 'active', busy: false }]);
});

test('a sign-in that takes too long is a SessionCreationError', async () => {
  const waits: number[] = [];
  const pace = { wait: async (ms: number) => void waits.push(ms) };
  const desk = machine('windows11', { pace, sessionCreationMs: 500 });
  await (await desk.open(unattended)).close();
  desk.slowDown(11 * 60_000);
  await expect(desk.open(unattended)).rejects.toMatchObject(refused('SessionCreationError'));
  desk.slowDown();
  await desk.open(unattended);
  expect(waits).toEqual([500, 600_000, 500]);
});

test('people cannot sign in where there is no room or no account', () => {
  const desk = machine('windows10', { sessions: [{ user: 'bob', state: 'locked' }] });
  expect(() => desk.signIn('anna')).toThrow('desk has no room for another session.');
  expect(() => desk.signIn('mallory')).toThrow('desk has no account mallory.');
  expect(() => desk.lock('anna')).toThrow('anna has no session on desk.');
});
