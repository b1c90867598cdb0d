import { VirtualClock } from '../../../local/clock';
import { parseSchedule } from '../../../local/host/timer-schedule';
import { openStore } from '../../../local/store/store';
import { writeApp } from './support/apps';
import { closeHosts, startHost } from './support/hosts';

afterEach(closeHosts);

const START = Date.UTC(2026, 0, 1);
const SEEN = `const seen = []; app.http('seen', { authLevel: 'anonymous', handler: () => ({ jsonBody: seen }) });\n`;

async function seen(host: { url: string }): Promise<unknown[]> {
  return (await (await fetch(`${host.url}/api/seen`)).json()) as unknown[];
}

describe('timer functions on the virtual clock', () => {
  test('L7: fire at every instant of their schedule, with the argument of the real host', async () => {
    const host = await startHost(
      { code: `${SEEN} app.timer('tick', { schedule: '%EVERY%', handler: (t) => { seen.push(t); } });` },
      { clock: new VirtualClock(START), settings: { EVERY: '0 */10 * * * *' } },
    );
    await host.advance({ minutes: 25 });
    const [first, second] = await seen(host);
    expect(first).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: '2026-01-01T00:10:00+00:00',
        lastUpdated: '0001-01-01T00:00:00+00:00',
      },
      isPastDue: false,
    });
    expect(second).toMatchObject({
      scheduleStatus: { last: '2026-01-01T00:10:00+00:00', next: '2026-01-01T00:20:00+00:00' },
    });
  });

  test('time spans and runOnStartup; thirty days pass at once', async () => {
    const host = await startHost(
      {
        code: `${SEEN} app.timer('daily', { schedule: '1.00:00:00', runOnStartup: true, handler: () => { seen.push(1); } });`,
      },
      { clock: new VirtualClock(START) },
    );
    await host.advance({ days: 30 });
    expect(await seen(host)).toHaveLength(31);
  });

  test('one run at once for what was missed while the host was down', async () => {
    const store = openStore(':memory:');
    const clock = new VirtualClock(START);
    const code = `${SEEN} app.timer('hourly', { schedule: '0 0 * * * *', handler: (t) => { seen.push(t.isPastDue); } });`;
    const before = await startHost(writeApp({ code }), { store, clock });
    await before.advance({ hours: 1 });
    await before.stop();
    await clock.advanceTo(clock.now() + 5.5 * 3_600_000, async () => undefined);

    const after = await startHost(writeApp({ code }), { store, clock });
    await after.advance({ hours: 1 });
    expect(await seen(after)).toEqual([true, false]);
    await closeHosts();
    await store.close();
  });

  test('a failing run is retried as the function asks and does not stop the schedule', async () => {
    const host = await startHost(
      {
        code: `${SEEN} app.timer('bad', { schedule: '0 * * * * *', retry: { strategy: 'fixedDelay', delayInterval: 0, maxRetryCount: 1 },
          handler: (_, c) => { seen.push(c.retryContext?.retryCount ?? 0); throw new Error('no'); } });`,
      },
      { clock: new VirtualClock(START) },
    );
    await host.advance({ minutes: 2 });
    expect(await seen(host)).toEqual([0, 1, 0, 1]);
  });

  test('a timer is run by hand through the admin API, with the master key only', async () => {
    const host = await startHost(
      {
        code: `${SEEN} app.timer('yearly', { schedule: '0 0 0 1 1 *', handler: () => { seen.push('ran'); } });`,
      },
      { clock: new VirtualClock(START), authEnabled: true },
    );
    const run = (key: string): Promise<Response> =>
      fetch(`${host.url}/admin/functions/yearly`, {
        method: 'POST',
        headers: { 'x-functions-key': key, 'content-type': 'application/json' },
        body: '{}',
      });
    expect((await run(host.keys.default)).status).toBe(401);
    expect((await run(host.keys.master)).status).toBe(202);
    await host.runUntilIdle();
    expect(await seen(host)).toEqual(['ran']);
  });

  test('advance on real time is refused', async () => {
    const host = await startHost({ code: '' });
    await expect(host.advance({ hours: 1 })).rejects.toMatchObject({ code: 'ClockNotVirtual' });
  });
});

describe('schedules', () => {
  const next = (expression: string, from: string, timeZone = 'UTC'): string =>
    new Date(parseSchedule({ expression, timeZone, where: 'f' }).next(Date.parse(from)) ?? 0).toISOString();

  test('day of month and day of week must both match', () => {
    expect(next('0 0 0 13 * 5', '2026-01-01T00:00:00Z')).toBe('2026-02-13T00:00:00.000Z');
  });

  test('follow the time zone over a change of the clocks', () => {
    const zone = 'Europe/Berlin';
    expect(next('0 30 9 * * *', '2026-03-28T12:00:00Z', zone)).toBe('2026-03-29T07:30:00.000Z');
  });

  test.each(['every day', '* * *', '0 61 * * * *'])('%s is refused', (expression) => {
    expect(() => parseSchedule({ expression, timeZone: 'UTC', where: 'The timer function f' })).toThrow(
      /The timer function f/,
    );
  });
});
