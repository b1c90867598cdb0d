import { AgentFixture, nodeFlow } from '../support/agent/agent-fixture';
import { hasHighIntegrity } from '../../agent/flow/elevation';
import { hardLimit } from '../../agent/flow/process-limit';
import { notExecuted } from '../../agent/runner/process-runner';

/** What a desktop flow may not do to its machine. */
describe('limits of a run', () => {
  const fixture = new AgentFixture();
  beforeAll(async () => {
    await fixture.start({ maxProcesses: 20 });
  });
  afterAll(() => fixture.end());
  const { broker } = fixture;

  test('L5: a program that starts processes without end is ended with all of them', async () => {
    const run = await fixture.run({
      'desktop-flow.yaml':
        'name: bomb\nversion: 1.0.0\nrunner: exec\nentry: sh\nargs: [-c, "for i in $(seq 60); do sleep 1000 & done; wait"]\n',
    });
    const done = await broker.event(run, 'done');
    expect(done).toMatchObject({
      outcome: 'Failed',
      error: { code: 'DesktopFlowLimitExceeded', subCode: 'processes' },
    });
    const next = await fixture.run(nodeFlow(`require('attendant').output('ok', true);`));
    expect(await broker.event(next, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { ok: true } });
  });

  test('a line without end is cut, and what was cut is counted', async () => {
    const run = await fixture.run(
      nodeFlow(`for (let i = 0; i < 100; i++) require('fs').writeSync(1, 'ä'.repeat(5000));`),
    );
    expect(await broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded' });
    const [line] = fixture.logOf(run);
    expect(line?.text).toMatch(/^ä{4096} … \(991808 bytes more\)$/);
  });

  test('the run record learns what the run uses while it goes on', async () => {
    const run = await fixture.run(nodeFlow(`while (process.cpuUsage().user < 400_000);`));
    const done = (await broker.event(run, 'done'))['usage'] as Record<string, number>;
    expect(done['cpuMs']).toBeGreaterThan(300);
    expect(done['peakRssBytes']).toBeGreaterThan(10e6);
    const live = broker.of(run).find((event) => event.kind === 'progress');
    expect(JSON.parse(live?.body ?? '{}')).toMatchObject({
      usage: { rssBytes: expect.any(Number) as number },
    });
  });

  test('inputs that do not fit the schema of the package are refused', async () => {
    const flow = nodeFlow('', 'inputs: { type: object, properties: { n: { type: number } } }\n');
    expect(await broker.event(await fixture.run(flow, { n: 'x' }), 'done')).toMatchObject({
      outcome: 'Failed',
      error: { code: 'InvalidInput' },
    });
  });
});

test('C3: without a word of the administrator a run with the privileges of one is refused', async () => {
  const fixture = new AgentFixture();
  await fixture.start({ allowElevated: false });
  const run = await fixture.run(nodeFlow(''));
  const done = await fixture.broker.event(run, 'done');
  await fixture.end();
  const refused = { outcome: 'Failed', error: { code: 'ElevationNotAllowed' } };
  expect(done).toMatchObject(process.geteuid?.() === 0 ? refused : { outcome: 'Succeeded' });
});

test('C3: an elevated token of Windows is told by its label (constructed)', () => {
  const group = (name: string, sid: string): string => `"${name}","Label","${sid}",""`;
  expect(hasHighIntegrity(group('Mandatory Label\\High Mandatory Level', 'S-1-16-12288'))).toBe(true);
  expect(hasHighIntegrity(group('Mandatory Label\\Medium Mandatory Level', 'S-1-16-8192'))).toBe(false);
});

test('a full disk has a name', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(notExecuted(full)).toMatchObject({ outcome: 'Failed', error: { code: 'MachineDiskFull' } });
});

test('a stricter limit of the session is seen', () => {
  expect(
    hardLimit('Limit  Soft  Hard  Units\nMax processes             512        700        processes\n'),
  ).toBe(700);
  expect(hardLimit('Max processes             unlimited        unlimited        processes\n')).toBe(Infinity);
});
