import { ConsoleFixture, endless } from '../../support/agent/console-fixture';
import { newRunId } from '../../support/agent/fake-control-plane';

describe('what people at the machine are told', () => {
  const fixture = new ConsoleFixture();
  let hash: string;
  beforeAll(async () => {
    await fixture.register();
    hash = await fixture.publish('invoices', endless);
    await fixture.publish('bad', `require('attendant').fail('no such button', { code: 'NoButton' });`);
    await fixture.startWithConsole();
    await fixture.until(() => fixture.agent?.status().state === 'connected');
  });
  beforeEach(() => {
    fixture.shown.length = 0;
    fixture.opened.length = 0;
  });
  afterAll(() => fixture.end());

  const titles = (run: string): string[] =>
    fixture.shown.filter((shown) => shown.run === run).map(({ notice }) => notice.title);
  const press = (run: string, control: 'pause' | 'resume' | 'stop'): void =>
    fixture.shown.findLast((shown) => shown.run === run)?.press(control);
  const mode = async (wanted: string): Promise<unknown> =>
    (await fixture.console()).send({ method: 'PUT', path: 'notifications', body: { mode: wanted } });

  it('K2: running, paused, stopped: each with the buttons that make sense', async () => {
    const run = await fixture.startFlow('invoices');
    await fixture.grant(run);
    await fixture.until(() => titles(run).length === 1);
    expect(fixture.shown[0]?.notice.buttons.map(({ label }) => label)).toEqual(['Pause', 'Stop']);
    press(run, 'pause');
    await fixture.shows(run, ({ state }) => state === 'Paused');
    expect(fixture.shown.at(-1)?.notice.buttons.map(({ label }) => label)).toEqual(['Resume', 'Stop']);
    press(run, 'resume');
    await fixture.shows(run, ({ state }) => state === 'Running');
    press(run, 'stop');
    await fixture.shows(run, ({ state }) => state === 'Stopped');
    expect(titles(run)).toEqual([
      'invoices is running',
      'invoices is paused',
      'invoices is running',
      'invoices is stopping',
      'invoices was stopped',
    ]);
  });

  it('K2: a failed run says why', async () => {
    const run = await fixture.startFlow('bad');
    await fixture.grant(run);
    await fixture.shows(run, ({ state }) => state === 'Failed');
    const { title, text, buttons } = fixture.shown.at(-1)?.notice ?? {};
    expect([title, buttons]).toEqual(['bad has failed', []]);
    expect(text).toContain('no such button');
  });

  it('K1: the monitoring window instead, or nothing; the setting outlives the agent', async () => {
    await mode('window');
    await fixture.agent?.stop();
    await fixture.startWithConsole();
    await fixture.until(() => fixture.agent?.status().state === 'connected');
    expect((await fixture.state()).mode).toBe('window');
    const run = await fixture.startFlow('invoices');
    await fixture.grant(run);
    await fixture.until(() => fixture.opened.length === 1);
    expect(fixture.opened[0]).toMatch(/^file:.*\.html$/);
    await mode('off');
    await fixture.control(run, 'stop');
    await fixture.shows(run, ({ state }) => state === 'Stopped');
    expect([fixture.shown.length, fixture.opened.length]).toEqual([0, 1]);
    await mode('notifications');
  });

  it('K5: a run of the portal shows nothing, neither as a notice nor in a window', async () => {
    const run = newRunId();
    await fixture.go(run, hash, {});
    await fixture.broker.event(run, 'progress');
    expect((await fixture.state()).runs.map((known) => known.run)).not.toContain(run);
    await fixture.agent?.control(run, { what: 'kill', by: 'test' });
    await fixture.broker.event(run, 'done');
    expect(fixture.shown).toEqual([]);
  });

  it('E2: an attended run of the portal has a banner with pause and stop where the machine is set so, whatever the setting', async () => {
    await mode('off');
    const run = newRunId();
    await fixture.go(run, hash, { notice: 'banner' });
    await fixture.until(() => titles(run).length === 1);
    expect(fixture.shown[0]?.notice).toMatchObject({
      urgency: 'critical',
      text: expect.stringContaining('do not interact with the device'),
      buttons: [{ label: 'Pause' }, { label: 'Stop' }],
    });
    await fixture.shows(run, ({ origin, state }) => origin === 'portal' && state === 'Running');
    press(run, 'stop');
    expect(await fixture.broker.event(run, 'done')).toMatchObject({ outcome: 'Stopped' });
  });
});
