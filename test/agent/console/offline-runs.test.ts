import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OfflineLog, readOfflineLog } from '../../../agent/offline/offline-log';
import { OfflineRuns } from '../../../agent/offline/offline-runs';
import { systemClock } from '../../../agent/clock';
import { silentLog } from '../../../agent/log';
import { ConsoleFixture, endless, me } from '../../support/agent/console-fixture';
import { newRunId } from '../../support/agent/fake-control-plane';

const report = `
  const attendant = require('attendant');
  console.log('14 rows');
  require('fs').writeFileSync(attendant.artifact('r.txt'), 'x');
  attendant.output('rows', 14);
`;
const broken = `console.log('so far'); throw new Error('no such month');`;

describe('runs that a machine starts while it is cut off', () => {
  let fixture: ConsoleFixture;
  const offline = (): string[] => readdirSync(path.join(fixture.dataDir, 'offline'));

  beforeEach(async () => {
    fixture = new ConsoleFixture();
    await fixture.register();
    await fixture.startWithConsole();
    await fixture.until(() => fixture.agent?.status().state === 'connected');
  });
  afterEach(() => fixture.end());

  /** Cut off, with packages that have been here before. */
  async function cutOffWith(flows: Record<string, string>): Promise<void> {
    for (const [name, script] of Object.entries(flows)) {
      await fixture.publish(name, script);
      const run = await fixture.startFlow(name);
      await fixture.grant(run);
      await fixture.shows(run, ({ endedAt, action }) => endedAt !== undefined || action !== undefined);
      await fixture.agent?.control(run, { what: 'kill', by: me });
      await fixture.until(() => fixture.agent?.runs().length === 0);
    }
    await fixture.cutOff();
  }

  async function ranAlone(name: string): Promise<string> {
    const run = await fixture.startFlow(name);
    await fixture.shows(run, ({ endedAt }) => endedAt !== undefined);
    return run;
  }

  it('K1: they are told when it is back: who, what, when, how it ended, log and files; then nothing of them is kept', async () => {
    await cutOffWith({ report, broken });
    const good = await ranAlone('report');
    const bad = await ranAlone('broken');
    expect(readdirSync(path.join(fixture.dataDir, 'kept', good))).toEqual(['r.txt']);
    await fixture.comeBack();
    await fixture.until(() => offline().length === 0);
    const told = fixture.controlPlane.reports.get(good);
    expect(told).toMatchObject({
      desktopFlow: { name: 'report', version: '1.0.0' },
      user: me,
      outcome: 'Succeeded',
      outputs: { rows: 14 },
      usage: { wallMs: expect.any(Number) },
    });
    expect(told?.log.map(({ text }) => text)).toContain('14 rows');
    expect(Date.parse(told?.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(told?.startedAt ?? ''));
    expect(fixture.controlPlane.artifacts.get(`${good}/artifacts/r.txt`)?.toString()).toBe('x');
    expect(fixture.controlPlane.reports.get(bad)).toMatchObject({
      outcome: 'Failed',
      error: { details: expect.stringContaining('no such month') },
    });
    expect(readdirSync(path.join(fixture.dataDir, 'kept'))).toEqual([]);
    expect([...fixture.controlPlane.reports.keys()]).toEqual([good, bad]);
    // They stay on the page of the person.
    expect((await fixture.state()).runs.map(({ run }) => run)).toEqual(expect.arrayContaining([good, bad]));
  });

  it('K1: an answer that is lost, and a restart before all is told, tell the same run again', async () => {
    await cutOffWith({ report });
    const run = await ranAlone('report');
    fixture.controlPlane.loseAnswers = 1;
    await fixture.comeBack();
    await fixture.until(() => fixture.controlPlane.reportsSeen === 1);
    await fixture.agent?.stop({ graceMs: 0 });
    await fixture.startWithConsole();
    await fixture.until(() => offline().length === 0);
    expect(fixture.controlPlane.reportsSeen).toBe(2);
    expect([...fixture.controlPlane.reports.keys()]).toEqual([run]);
    expect(fixture.controlPlane.artifacts.has(`${run}/artifacts/r.txt`)).toBe(true);
  });

  it('K1: one that the end of the agent has interrupted is told as failed', async () => {
    await cutOffWith({ endless });
    const run = await fixture.startFlow('endless');
    await fixture.shows(run, ({ action }) => action !== undefined);
    await fixture.agent?.stop({ graceMs: 0, flushMs: 0 });
    await fixture.controlPlane.start();
    fixture.broker.down = false;
    // As after a power cut: nothing was written at the end.
    const file = path.join(fixture.dataDir, 'offline', `${run}.json`);
    const { ended: _, ...entry } = JSON.parse(readFileSync(file, 'utf8')) as { ended: unknown };
    writeFileSync(file, JSON.stringify(entry));
    await fixture.startWithConsole();
    await fixture.until(() => offline().length === 0);
    expect(fixture.controlPlane.reports.get(run)).toMatchObject({
      outcome: 'Failed',
      error: { code: 'SessionNotFound' },
    });
  });

  it('K1: one that a person stopped says who; times are by the clock of the control plane', async () => {
    await cutOffWith({ endless });
    const run = await fixture.startFlow('endless');
    await fixture.shows(run, ({ action }) => action !== undefined);
    await fixture.control(run, 'stop');
    await fixture.shows(run, ({ state }) => state === 'Stopped');
    fixture.controlPlane.clockAheadMs = 3_600_000;
    await fixture.comeBack();
    await fixture.until(() => offline().length === 0);
    const told = fixture.controlPlane.reports.get(run);
    expect(told).toMatchObject({
      outcome: 'Stopped',
      error: { code: 'Cancelled', details: `by ${me} at the machine` },
    });
    expect(Date.parse(told?.startedAt ?? '') - Date.now()).toBeGreaterThan(3_000_000);
  });

  it('K1: what the control plane refuses for ever is put aside and not asked again', async () => {
    await cutOffWith({ report });
    const run = await ranAlone('report');
    fixture.controlPlane.refuseReport = 'Forbidden';
    await fixture.comeBack();
    await fixture.until(() => offline().includes(`${run}.refused`));
    fixture.controlPlane.refuseReport = undefined;
    await fixture.agent?.stop({ graceMs: 0 });
    await fixture.startWithConsole();
    await fixture.until(() => fixture.agent?.status().state === 'connected');
    expect(fixture.controlPlane.reportsSeen).toBe(1);
  });
});

describe('what is kept of them', () => {
  let fixture: ConsoleFixture;
  beforeEach(() => (fixture = new ConsoleFixture()));
  afterEach(() => fixture.end());
  const open = (machine = 'm-1'): Promise<OfflineRuns> =>
    OfflineRuns.open({ dataDir: fixture.dataDir, machine, clock: systemClock, log: silentLog });
  const desktopFlow = { name: 'report', version: '1.0.0' };

  it('K1: one that the journal does not know was never started, unless the journal was damaged', async () => {
    const [first, second] = [newRunId(), newRunId()];
    await (await open()).begin({ run: first, user: me, desktopFlow });
    const again = await open();
    await again.settle(() => undefined, false);
    expect(again.toTell()).toEqual([]);
    expect(readdirSync(path.join(fixture.dataDir, 'offline'))).toEqual([]);
    await again.begin({ run: second, user: me, desktopFlow });
    const damaged = await open();
    await damaged.settle(() => undefined, true);
    expect(damaged.toTell()).toMatchObject([{ run: second, ended: { body: { outcome: 'Failed' } } }]);
  });

  it('K1: runs of another machine, whose folder was copied, are not told', async () => {
    const runs = await open('m-other');
    const run = newRunId();
    await runs.begin({ run, user: me, desktopFlow });
    runs.ended(run, { outcome: 'Succeeded' });
    await runs.flush();
    expect((await open('m-other')).toTell()).toHaveLength(1);
    expect((await open()).toTell()).toEqual([]);
  });

  it('K1: the last lines of a long log are kept, and it says how many are missing', async () => {
    const file = path.join(fixture.dataDir, 'run.log');
    const log = new OfflineLog(file);
    const line = (n: number) => ({
      at: '2026-01-01T00:00:00.000Z',
      stream: 'out' as const,
      text: `line ${n}`,
    });
    log.add(
      Array.from({ length: 2_500 }, (_, n) => line(n)),
      7,
    );
    log.add([line(2_507)], 0);
    await log.flush();
    const lines = (await readOfflineLog(file)).map(({ text }) => text);
    expect(lines.length).toBeLessThanOrEqual(2_000);
    expect(lines.slice(0, 2)).toEqual(['999 lines were left out here: they could not be kept.', 'line 999']);
    expect(lines.slice(-3)).toEqual([
      'line 2499',
      '7 lines were left out here: they could not be kept.',
      'line 2507',
    ]);
    // A crash tears the last line.
    writeFileSync(file, '{"n":5,"at":"2026-01-01T0', { flag: 'a' });
    expect(await readOfflineLog(file)).toHaveLength(lines.length);
  });
});
