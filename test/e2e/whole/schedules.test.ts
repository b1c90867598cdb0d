import { SkippedTimeProduct } from './support/product';

const HOUR = 3_600_000;
/** Of the timers only the one that starts due runs matters here. */
const others = [
  'watch-machines',
  'watch-gateways',
  'watch-queues',
  'keep-house',
  'purge-history',
  'watch-cases',
  'deliver-events',
];
const settings = Object.fromEntries(others.map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']));

let product: SkippedTimeProduct;
beforeEach(() => {
  product = new SkippedTimeProduct(settings);
});
afterEach(() => product.end());
jest.setTimeout(120_000);

interface Entry {
  at: string;
  outcome: string;
  reason?: string;
  run?: string;
}

async function put(name: string, recurrence: object, more: object = {}): Promise<void> {
  const { actions = { Say: { type: 'Compose', inputs: 1 } }, ...trigger } = more as { actions?: object };
  const triggers = { due: { type: 'Recurrence', recurrence, ...trigger } };
  await product.call('PUT', `/api/flows/${name}`, { name, triggers, actions });
}

/** What its schedule has done, oldest first; each with the occurrence that the run was told. */
async function done(flow: string): Promise<{ at: string; outcome: string; reason?: string }[]> {
  const { triggers } = await product.call<{ triggers: Entry[] }>(
    'GET',
    `/api/flows/${flow}/triggers?top=200`,
  );
  const { runs } = await product.call<{ runs: { run: string }[] }>('GET', `/api/runs?flow=${flow}&top=100`);
  const fired = triggers.filter(({ outcome }) => outcome === 'fired');
  // As many runs as were told of, and each for the occurrence that it stands beside.
  expect(runs.map(({ run }) => run).sort()).toEqual(fired.map(({ run }) => run ?? '').sort());
  for (const { at, run } of fired) {
    const view = await product.call<{ input: { scheduledTime: string } }>('GET', `/api/runs/${run ?? ''}`);
    expect(view.input.scheduledTime).toBe(at);
  }
  return triggers
    .map(({ at, outcome, reason }) => ({ at, outcome, ...(reason === undefined ? {} : { reason }) }))
    .sort((a, b) => a.at.localeCompare(b.at));
}

const fired = (...times: string[]) => times.map((at) => ({ at: `${at}:00.000Z`, outcome: 'fired' }));

/** From an instant on, so many times, so far apart. */
function every(minutes: number, from: string, count: number): string[] {
  const first = Date.parse(`${from}:00Z`);
  return Array.from({ length: count }, (_value, index) =>
    new Date(first + index * minutes * 60_000).toISOString().slice(0, 16),
  );
}

describe('A2: on the whole host, each occurrence starts one run when clocks are changed', () => {
  test.each([
    ['Europe/Berlin', 'put forward', '2031-03-29T23:40', '02:30', ['2031-03-30T01:00'], 'T00:00'],
    ['Europe/Berlin', 'put back', '2031-10-25T23:40', '02:30', ['2031-10-26T00:30'], 'T00:00'],
    ['America/New_York', 'put forward', '2031-03-09T05:40', '02:30', ['2031-03-09T07:00'], 'T06:00'],
    ['America/New_York', 'put back', '2031-11-02T04:40', '01:30', ['2031-11-02T05:30'], 'T05:00'],
  ])('%s, %s', async (timeZone, change, from, local, daily, firstHour) => {
    const startMs = Date.parse(`${from}:00Z`);
    await product.start(startMs);
    const name = `${timeZone.replace(/[/_]/g, '-')}-${change.replace(' ', '-')}`.toLowerCase();
    const startTime = `2031-01-01T${local}:00`;
    await put(`daily-${name}`, { frequency: 'Day', timeZone, startTime });
    await put(`hourly-${name}`, { frequency: 'Hour', timeZone, startTime: '2031-01-01T00:00:00' });
    await put(`cron-${name}`, { cron: '*/30 * * * *', timeZone });
    await product.host.advance({ hours: 3 });
    expect(await done(`daily-${name}`)).toEqual(fired(...daily));
    const date = new Date(startMs + HOUR).toISOString().slice(0, 10);
    expect(await done(`hourly-${name}`)).toEqual(fired(...every(60, `${date}${firstHour}`, 3)));
    expect(await done(`cron-${name}`)).toEqual(fired(...every(30, `${date}${firstHour}`, 6)));
  });
});

test('A2: occurrences that were missed while the host was down are skipped, or made up for by one run', async () => {
  // Over the hour that is not there: 02:00 to 03:00 in Berlin on 30 March 2031.
  await product.start(Date.parse('2031-03-29T23:40:00Z'));
  const recurrence = { frequency: 'Hour', timeZone: 'Europe/Berlin', startTime: '2031-01-01T00:10:00' };
  await put('down-skip', recurrence, { missed: 'skip' });
  await put('down-once', recurrence, { missed: 'runOnce' });
  await product.host.advance({ hours: 1 });
  await product.start(Date.parse('2031-03-30T03:20:00Z'));
  await product.host.advance({ hours: 1 });
  const ran = (at: string) => ({ at: `2031-03-30T${at}:00.000Z`, outcome: 'fired' });
  const missed = (at: string) => ({ at: `2031-03-30T${at}:00.000Z`, outcome: 'skipped', reason: 'missed' });
  const skipped = await done('down-skip');
  expect(skipped.filter(({ outcome }) => outcome === 'fired')).toEqual([ran('00:10'), ran('04:10')]);
  expect(skipped).toContainEqual(missed('01:10'));
  const once = (await done('down-once')).filter(({ outcome }) => outcome === 'fired');
  expect(once).toHaveLength(3);
  expect([once[0], once[2]]).toEqual([ran('00:10'), ran('04:10')]);
});

test('A2: a host that is stopped at an occurrence starts it once when it is back', async () => {
  await product.start(Date.parse('2031-10-25T23:59:00Z'));
  await put('at-the-stop', {
    frequency: 'Hour',
    timeZone: 'Europe/Berlin',
    startTime: '2031-01-01T00:00:00',
  });
  for (const at of ['23:59:45', '00:00:00', '00:00:15', '00:00:31', '00:01:02']) {
    const day = at.startsWith('23') ? '25' : '26';
    await product.start(Date.parse(`2031-10-${day}T${at}Z`));
    await product.host.advance({ seconds: 10 });
  }
  await product.host.advance({ hours: 2 });
  expect(await done('at-the-stop')).toEqual(
    fired('2031-10-26T00:00', '2031-10-26T01:00', '2031-10-26T02:00'),
  );
});

test('A2: while a run goes on, occurrences start beside it, are skipped, or wait for it', async () => {
  await product.start(Date.parse('2031-10-26T00:10:00Z'));
  const recurrence = { frequency: 'Minute', interval: 30, startTime: '2031-01-01T00:00:00Z' };
  const actions = { Work: { type: 'Wait', inputs: { interval: { count: 50, unit: 'Minute' } } } };
  for (const overlap of ['allow', 'skip', 'queue'])
    await put(`over-${overlap}`, recurrence, { overlap, actions });
  await product.host.advance({ hours: 1, minutes: 55 });
  const [first, second, third, fourth] = every(30, '2031-10-26T00:30', 4) as [string, string, string, string];
  expect(await done('over-allow')).toEqual(fired(first, second, third, fourth));
  const over = (at: string) => ({ at: `${at}:00.000Z`, outcome: 'skipped', reason: 'overlap' });
  expect(await done('over-skip')).toEqual([...fired(first), over(second), ...fired(third), over(fourth)]);
  // The second waits until the first has ended (01:20); the third until the second has (02:10).
  expect(await done('over-queue')).toEqual(fired(first, second));
  await product.host.advance({ minutes: 10 });
  expect(await done('over-queue')).toEqual(fired(first, second, third));
});
