import fc from 'fast-check';
import { recurrenceTrigger, type RecurrenceTrigger } from '../../../contracts/triggers';
import { isExcluded, nextOccurrences } from '../../../domain/schedules/occurrences';
import { naiveOccurrences } from './naive-occurrences';

/** SCHEDULE_CASES=20000 npx jest test/domain/schedules looks longer. */
const CASES = Number(process.env['SCHEDULE_CASES'] ?? 300);

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Asia/Kolkata',
  'Africa/Casablanca',
  'America/Havana',
];

const trigger = (recurrence: object, more: object = {}): RecurrenceTrigger =>
  recurrenceTrigger.parse({ type: 'Recurrence', recurrence, ...more });

const at = (text: string): number => Date.parse(text);

function next(recurrence: object, after: string, count = 3, more: { since?: string } = {}): string[] {
  const schedule = { trigger: trigger(recurrence), sinceMs: at(more.since ?? '2026-01-01T00:00:00Z') };
  return nextOccurrences(schedule, at(after), count).map((ms) => new Date(ms).toISOString().slice(0, 19));
}

describe('A2: occurrences', () => {
  it('count seconds, minutes and hours in real time from the start, or from when the flow was saved', () => {
    expect(next({ frequency: 'Minute', interval: 90 }, '2026-01-01T00:00:00Z')).toEqual([
      '2026-01-01T01:30:00',
      '2026-01-01T03:00:00',
      '2026-01-01T04:30:00',
    ]);
    const startTime = '2026-03-29T00:30:00';
    expect(next({ frequency: 'Hour', timeZone: 'Europe/Berlin', startTime }, '2026-01-01T00:00:00Z')).toEqual(
      ['2026-03-28T23:30:00', '2026-03-29T00:30:00', '2026-03-29T01:30:00'],
    );
  });

  it('go by the clocks of the zone, by its IANA or Windows name', () => {
    const nine = { frequency: 'Day', schedule: { hours: [9] } };
    const expected = ['2026-03-28T08:00:00', '2026-03-29T07:00:00', '2026-03-30T07:00:00'];
    expect(next({ ...nine, timeZone: 'Europe/Berlin' }, '2026-03-28T00:00:00Z')).toEqual(expected);
    expect(next({ ...nine, timeZone: 'W. Europe Standard Time' }, '2026-03-28T00:00:00Z')).toEqual(expected);
    expect(next({ cron: '0 9 * * *', timeZone: 'Europe/Berlin' }, '2026-03-28T00:00:00Z')).toEqual(expected);
  });

  it('come when the gap ends where clocks are put forward over them, and once where clocks are put back', () => {
    const halfPastTwo = { frequency: 'Day', schedule: { hours: [2], minutes: [30] } };
    for (const recurrence of [halfPastTwo, { cron: '30 2 * * *' }]) {
      const berlin = { ...recurrence, timeZone: 'Europe/Berlin' };
      expect(next(berlin, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00:00', '2026-03-30T00:30:00']);
      expect(next(berlin, '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30:00', '2026-10-26T01:30:00']);
    }
    const several = {
      frequency: 'Day',
      schedule: { hours: [2], minutes: [0, 15, 30] },
      timeZone: 'Europe/Berlin',
    };
    expect(next(several, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00:00', '2026-03-30T00:00:00']);
  });

  it('end with the end time, begin with the start time', () => {
    const span = {
      startTime: '2026-02-01T06:00:00',
      endTime: '2026-02-03T06:00:00',
      timeZone: 'Asia/Kolkata',
    };
    expect(next({ frequency: 'Day', ...span }, '2026-01-01T00:00:00Z', 9)).toEqual([
      '2026-02-01T00:30:00',
      '2026-02-02T00:30:00',
      '2026-02-03T00:30:00',
    ]);
    expect(next({ cron: '0 0 * * *', ...span }, '2026-01-01T00:00:00Z', 9)).toEqual([
      '2026-02-01T18:30:00',
      '2026-02-02T18:30:00',
    ]);
  });

  it('fall on every n-th week from that of the start, on the named days', () => {
    const recurrence = {
      frequency: 'Week',
      interval: 2,
      startTime: '2026-01-07T08:00:00Z',
      schedule: { weekDays: ['Friday', 'Monday'] },
    };
    // The Monday of the first week is before the start.
    expect(next(recurrence, '2026-01-01T00:00:00Z', 3)).toEqual([
      '2026-01-09T08:00:00',
      '2026-01-19T08:00:00',
      '2026-01-23T08:00:00',
    ]);
  });

  it('fall on the last day of shorter months, unless the days are named', () => {
    const monthly = { frequency: 'Month', startTime: '2026-01-31T08:00:00Z' };
    expect(next(monthly, '2026-01-31T08:00:00Z', 2)).toEqual(['2026-02-28T08:00:00', '2026-03-31T08:00:00']);
    const named = { ...monthly, schedule: { monthDays: [31, -2] } };
    expect(next(named, '2026-01-31T08:00:00Z', 3)).toEqual([
      '2026-02-27T08:00:00',
      '2026-03-30T08:00:00',
      '2026-03-31T08:00:00',
    ]);
  });

  it('know excluded days by the calendar of the zone', () => {
    const tokyo = trigger({ frequency: 'Hour', timeZone: 'Asia/Tokyo' }, { exclude: ['2026-12-25'] });
    const excluded = (text: string): boolean => isExcluded({ trigger: tokyo, sinceMs: 0 }, at(text));
    expect(excluded('2026-12-24T14:59:59Z')).toBe(false);
    expect(excluded('2026-12-24T15:00:00Z')).toBe(true);
    expect(excluded('2026-12-25T15:00:00Z')).toBe(false);
  });

  it('L7: a monthly schedule over ten years comes 120 times, each at eight by the clock', () => {
    const monthly = { frequency: 'Month', startTime: '2026-01-31T08:00:00', timeZone: 'America/New_York' };
    const found = next(monthly, '2026-01-01T00:00:00Z', 120);
    expect(new Set(found.map((text) => text.slice(0, 7))).size).toBe(120);
    expect(found.at(-1)).toBe('2035-12-31T13:00:00');
    expect(found.every((text) => /T1[23]:00:00$/.test(text))).toBe(true);
  });
});

describe('A2: occurrences by days agree with a clock that is watched', () => {
  const quarter = fc.constantFrom(0, 15, 30, 45);
  const hour = fc.integer({ min: 0, max: 23 });
  const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.uniqueArray(one, { minLength: 1, maxLength: 3 });
  const day = fc.integer({ min: 0, max: 3_650 });
  const weekDay = fc.constantFrom(
    'Monday',
    'Tuesday',
    'Wednesday',
    'Thursday',
    'Friday',
    'Saturday',
    'Sunday',
  );
  const monthDay = fc.oneof(fc.integer({ min: 1, max: 31 }), fc.integer({ min: -5, max: -1 }));
  const times = {
    hours: fc.option(some(hour), { nil: undefined }),
    minutes: fc.option(some(quarter), { nil: undefined }),
  };
  const kinds = fc.oneof(
    fc.record({
      frequency: fc.constant('Day'),
      interval: fc.integer({ min: 1, max: 9 }),
      schedule: fc.record(times),
    }),
    fc.record({
      frequency: fc.constant('Week'),
      interval: fc.integer({ min: 1, max: 3 }),
      schedule: fc.record({ ...times, weekDays: fc.option(some(weekDay), { nil: undefined }) }),
    }),
    fc.record({
      frequency: fc.constant('Month'),
      interval: fc.integer({ min: 1, max: 3 }),
      schedule: fc.record({ ...times, monthDays: fc.option(some(monthDay), { nil: undefined }) }),
    }),
  );
  const text = (days: number, hours: number, minutes: number): string =>
    new Date(Date.UTC(2026, 0, 1 + days, hours, minutes)).toISOString().slice(0, 19);
  const cases = fc.record({
    kind: kinds,
    zone: fc.constantFrom(...ZONES),
    start: fc.tuple(day, hour, quarter),
    after: day,
  });

  /** Zones change their clocks on few days: half of the windows lie there. */
  const nearTransition = fc.constantFrom(
    ...Array.from({ length: 10 }, (_, year) =>
      [74, 86, 94, 95, 270, 297, 305].map((d) => year * 365 + d),
    ).flat(),
  );

  it(`in ${CASES} cases over ten years and ${ZONES.length} zones`, () => {
    fc.assert(
      fc.property(cases, fc.option(nearTransition), ({ kind, zone, start, after }, near) => {
        const [days, hours, minutes] = start;
        const from = near ?? after;
        const recurrence = { ...kind, timeZone: zone, startTime: text(Math.min(days, from), hours, minutes) };
        const parsed = trigger(JSON.parse(JSON.stringify(recurrence)) as object);
        if ('cron' in parsed.recurrence) throw new Error('is no interval');
        const fromMs = Date.UTC(2026, 0, 1 + from, 1, 7);
        const untilMs = fromMs + 12 * 86_400_000;
        const expected = naiveOccurrences(parsed.recurrence, { zone, fromMs, untilMs });
        const found = nextOccurrences({ trigger: parsed, sinceMs: 0 }, fromMs, expected.length + 1);
        expect(found.filter((ms) => ms <= untilMs)).toEqual(expected);
      }),
      { numRuns: CASES },
    );
  });

  it('every day of ten years, in zones that change their clocks', () => {
    for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe']) {
      const recurrence = { frequency: 'Day', startTime: '2026-01-01T00:00:00', timeZone: zone };
      const twice = trigger({ ...recurrence, schedule: { hours: [1, 2], minutes: [30] } });
      if ('cron' in twice.recurrence) throw new Error('is no interval');
      const [fromMs, untilMs] = [Date.UTC(2026, 0, 1), Date.UTC(2036, 0, 1)];
      const expected = naiveOccurrences(twice.recurrence, { zone, fromMs, untilMs });
      expect(nextOccurrences({ trigger: twice, sinceMs: 0 }, fromMs, expected.length)).toEqual(expected);
    }
  });
});
