import { changeFlowState } from '../../../adapters/flow-state';
import { startDueRuns } from '../../../functions/schedules/start-due-runs.timer';
import { ScheduleRig } from './rig';

const HOURLY = { frequency: 'Hour', startTime: '2026-03-02T08:00:00Z' };

let rig: ScheduleRig;
beforeEach(() => {
  rig = new ScheduleRig('2026-03-02T07:30:00Z');
});

describe('A2: a schedule', () => {
  it('starts one run for each occurrence, which finds the time that it was due', async () => {
    expect((await rig.put({ ...HOURLY, timeZone: 'Europe/Berlin' })).status).toBe(200);
    await rig.until('2026-03-02T10:30:00Z');
    expect(rig.times()).toEqual(['08:00', '09:00', '10:00']);
    expect(rig.started[0]).toMatchObject({
      flow: 'f',
      startedBy: 'schedule',
      trigger: 'Recurrence',
      triggerBody: { scheduledTime: '2026-03-02T08:00:00.000Z', timeZone: 'Europe/Berlin' },
    });
    expect(await rig.history()).toEqual(['08:00 fired', '09:00 fired', '10:00 fired']);
    expect(await rig.indexed()).toBe(1);
  });

  it('starts nothing on excluded days', async () => {
    const eight = { frequency: 'Day', schedule: { hours: [8] } };
    await rig.put(eight, { exclude: ['2026-03-03'] });
    await rig.until('2026-03-04T08:01:00Z', 60_000);
    expect(rig.started).toHaveLength(2);
    expect(await rig.history()).toEqual(['08:00 fired', '08:00 skipped excluded', '08:00 fired']);
  });

  it('ends with its end time', async () => {
    await rig.put({ ...HOURLY, endTime: '2026-03-02T09:00:00Z' });
    await rig.until('2026-03-02T12:00:00Z', 60_000);
    expect(rig.times()).toEqual(['08:00', '09:00']);
    expect(await rig.indexed()).toBe(0);
  });

  it('follows a changed definition and forgets the former one, also when it is put twice at once', async () => {
    await rig.put(HOURLY);
    await rig.until('2026-03-02T08:10:00Z');
    const later = { frequency: 'Hour', startTime: '2026-03-02T08:30:00Z' };
    await Promise.all([rig.put(later), rig.put(later)]);
    await rig.until('2026-03-02T10:45:00Z');
    expect(rig.times()).toEqual(['08:00', '08:30', '09:30', '10:30']);
    expect(await rig.indexed()).toBe(1);
  });

  it('keeps its rhythm, and what is due at this moment, when the definition is put again unchanged', async () => {
    await rig.put({ frequency: 'Hour' });
    rig.now = Date.parse('2026-03-02T08:30:02Z');
    await rig.put({ frequency: 'Hour' });
    await rig.until('2026-03-02T10:45:00Z');
    expect(rig.times()).toEqual(['08:30', '09:30', '10:30']);
  });

  describe('whose occurrences were missed', () => {
    it('skips them and says so', async () => {
      await rig.put(HOURLY);
      rig.now = Date.parse('2026-03-02T11:58:00Z');
      await rig.until('2026-03-02T12:10:00Z');
      expect(rig.times()).toEqual(['12:00']);
      expect(await rig.history()).toEqual(['08:00 skipped missed', '12:00 fired']);
    });

    it('makes up for them by one run if it is to', async () => {
      await rig.put(HOURLY, { missed: 'runOnce' });
      rig.now = Date.parse('2026-03-02T11:58:00Z');
      await rig.until('2026-03-02T12:10:00Z');
      expect(rig.times()).toEqual(['08:00', '12:00']);
    });

    it('starts what is only a little late', async () => {
      await rig.put(HOURLY);
      rig.now = Date.parse('2026-03-02T08:04:00Z');
      await rig.tick();
      expect(rig.times()).toEqual(['08:00']);
    });
  });

  describe('whose last run goes on', () => {
    it('starts another if it may', async () => {
      await rig.put(HOURLY, { overlap: 'allow' });
      await rig.until('2026-03-02T09:01:00Z');
      expect(rig.open.size).toBe(2);
    });

    it('skips', async () => {
      await rig.put(HOURLY, { overlap: 'skip' });
      await rig.until('2026-03-02T10:01:00Z');
      rig.end();
      await rig.until('2026-03-02T11:01:00Z');
      expect(rig.times()).toEqual(['08:00', '11:00']);
      expect(await rig.history()).toEqual([
        '08:00 fired',
        '09:00 skipped overlap',
        '10:00 skipped overlap',
        '11:00 fired',
      ]);
    });

    it('queues: each in its turn, one at a time, however late', async () => {
      await rig.put(HOURLY, { overlap: 'queue' });
      await rig.until('2026-03-02T11:30:00Z');
      expect(rig.times()).toEqual(['08:00']);
      for (const expected of ['09:00', '10:00', '11:00']) {
        rig.end();
        await rig.tick();
        await rig.tick();
        expect(rig.times().at(-1)).toBe(expected);
        expect(rig.open.size).toBe(1);
      }
      rig.end();
      await rig.until('2026-03-02T12:01:00Z');
      expect(rig.times()).toEqual(['08:00', '09:00', '10:00', '11:00', '12:00']);
    });
  });

  it('does nothing while the flow is disabled, and does not make up for it', async () => {
    await rig.put(HOURLY);
    await changeFlowState(rig.ports, 'f', { to: 'disabled', by: 'owner', reason: 'ByPerson' });
    await rig.until('2026-03-02T09:30:00Z');
    await changeFlowState(rig.ports, 'f', { to: 'enabled', by: 'owner' });
    await rig.until('2026-03-02T10:01:00Z');
    expect(rig.times()).toEqual(['10:00']);
    expect(await rig.history()).toEqual(['08:00 skipped disabled', '09:00 skipped disabled', '10:00 fired']);
  });

  it('stops with the flow, and begins anew with a flow of the same name', async () => {
    await rig.put({ frequency: 'Hour' });
    await changeFlowState(rig.ports, 'f', { to: 'deleted', by: 'owner' });
    await rig.until('2026-03-02T09:45:00Z');
    expect(rig.started).toEqual([]);
    expect(await rig.indexed()).toBe(0);
    await rig.put({ frequency: 'Hour' });
    await rig.until('2026-03-02T11:50:00Z');
    expect(rig.times()).toEqual(['10:45', '11:45']);
  });
});

describe('A2: exactly once', () => {
  it('when passes overlap', async () => {
    await rig.put({ frequency: 'Minute', startTime: '2026-03-02T08:00:00Z' }, { overlap: 'skip' });
    while (rig.now < Date.parse('2026-03-02T08:10:30Z')) {
      rig.now += 10_000;
      rig.end();
      await Promise.all([rig.tick(), rig.tick(), rig.tick()]);
    }
    expect(new Set(rig.times()).size).toBe(11);
    expect(rig.started).toHaveLength(11);
    expect((await rig.history()).every((line) => line.endsWith('fired'))).toBe(true);
  });

  it('when the clock is put back', async () => {
    await rig.put(HOURLY);
    await rig.until('2026-03-02T09:01:00Z');
    rig.now = Date.parse('2026-03-02T07:59:00Z');
    await rig.until('2026-03-02T10:01:00Z');
    expect(rig.times()).toEqual(['08:00', '09:00', '10:00']);
  });

  it('when the host is killed between claim and start: a minute later the run is started', async () => {
    await rig.put(HOURLY);
    rig.onStart = () => {
      throw new Error('killed');
    };
    await rig.until('2026-03-02T08:00:00Z');
    expect(rig.started).toEqual([]);
    expect(await rig.history()).toEqual(['08:00 failed Unavailable']);
    rig.onStart = () => undefined;
    await rig.until('2026-03-02T08:00:50Z');
    expect(rig.started).toEqual([]);
    await rig.until('2026-03-02T08:01:30Z');
    expect(rig.times()).toEqual(['08:00']);
    expect(await rig.history()).toEqual(['08:00 fired']);
  });

  it('when the host is killed after any write, and comes back at once or after a while', async () => {
    // Every write that a pass makes, in turn, is the last one before the kill; then a new process begins.
    for (const overlap of ['allow', 'skip', 'queue']) {
      for (const downMs of [10_000, 600_000]) {
        for (let survived = 0; survived < 12; survived++) {
          const one = new ScheduleRig('2026-03-02T07:59:55Z');
          await one.put(
            { frequency: 'Minute', interval: 30, startTime: '2026-03-02T08:00:00Z' },
            { overlap },
          );
          await killedPass(one, survived);
          one.now += downMs;
          one.end();
          await one.until('2026-03-02T08:20:00Z');
          one.end();
          await one.until('2026-03-02T08:45:00Z');
          // Nothing was claimed in time and the host was down for long: that occurrence was missed.
          const missed = survived === 0 && downMs > 300_000;
          expect([overlap, downMs, survived, one.times()]).toEqual([
            overlap,
            downMs,
            survived,
            missed ? ['08:30'] : ['08:00', '08:30'],
          ]);
          expect(await one.indexed()).toBe(1);
        }
      }
    }
  });
});

/** A pass at eight whose process dies after `survived` writes. */
async function killedPass(rig: ScheduleRig, survived: number): Promise<void> {
  let left = survived;
  const dead = (): void => {
    if (left-- <= 0) throw new Error('killed');
  };
  const mortal = <Port extends object>(port: Port, writes: string[]): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function' || !writes.includes(String(name))) return member;
        return async (...args: unknown[]): Promise<unknown> => {
          dead();
          return Reflect.apply(member, target, args) as unknown;
        };
      },
    });
  const ports = {
    ...rig.ports,
    claims: mortal(rig.ports.claims, ['claim']),
    schedules: mortal(rig.ports.schedules, ['add', 'wait', 'remove', 'setLastRun']),
    triggerHistory: mortal(rig.ports.triggerHistory, ['record']),
  };
  const instances = mortal(rig.instances, ['start']);
  rig.now = Date.parse('2026-03-02T08:00:00Z');
  const context = { warn: () => undefined };
  await startDueRuns(ports, () => instances)({} as never, context as never);
}

describe('A2: a definition is refused by name and path', () => {
  const every = '/triggers/every/recurrence';
  it.each([
    [{ cron: '61 * * * *' }, `${every}/cron`, /is no cron expression/],
    [{ cron: '0 0 30 2 *' }, `${every}/cron`, /never occurs/],
    [{ cron: '* * * * * *' }, `${every}/cron`, /comes every 1 s; the shortest interval here is 30 s/],
    [{ frequency: 'Second' }, `${every}/interval`, /comes every 1 s/],
    [{ frequency: 'Day', timeZone: 'Mars/Olympus' }, `${every}/timeZone`, /is not a time zone/],
    [{ frequency: 'Day', startTime: '2026-13-01T00:00:00' }, `${every}/startTime`, /no date/],
    [{ frequency: 'Hour', schedule: { hours: [9] } }, `${every}/schedule/hours`, /goes with/],
    [{ frequency: 'Day', schedule: { weekDays: ['Monday'] } }, `${every}/schedule/weekDays`, /goes with/],
    [{ frequency: 'Fortnight' }, every, /is neither/],
  ])('%j', async (recurrence, path, message) => {
    const answer = await rig.put(recurrence);
    expect([answer.status, answer.body['code']]).toEqual([400, 'InvalidDefinition']);
    expect(answer.body['errors']).toEqual([{ path, message: expect.stringMatching(message) as string }]);
    expect(await rig.ports.flows.get('f')).toBeUndefined();
    expect(await rig.indexed()).toBe(0);
  });

  it('every second, where the settings allow it', async () => {
    rig = new ScheduleRig('2026-03-02T08:00:00Z', { ATTENDANT_SHORTEST_RECURRENCE_MS: '1000' });
    expect((await rig.put({ frequency: 'Second' })).status).toBe(200);
    for (let second = 10; second <= 30; second += 10) {
      rig.now = Date.parse(`2026-03-02T08:00:${second}Z`);
      await rig.tick();
    }
    expect(rig.started).toHaveLength(30);
  });
});
