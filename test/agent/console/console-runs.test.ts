import { ConsoleFixture, endless, me } from '../../support/agent/console-fixture';
import { newRunId } from '../../support/agent/fake-control-plane';
import { offer } from '../../support/agent/agent-fixture';

describe('console runs', () => {
  let fixture: ConsoleFixture;
  let hash: string;
  beforeEach(async () => {
    fixture = new ConsoleFixture();
    await fixture.register();
    hash = await fixture.publish('invoices', endless, {
      inputs: { type: 'object', properties: { month: { type: 'integer' } }, required: ['month'] },
    });
    await fixture.publish(
      'report',
      `require('fs').writeFileSync(require('attendant').artifact('r.txt'), 'x');`,
    );
    await fixture.startWithConsole();
    await fixture.until(() => fixture.agent?.status().state === 'connected');
  });
  afterEach(() => fixture.end());

  it('K1: connected, the run is asked of the queue, waits, executes when it is granted, and is stopped here', async () => {
    const run = await fixture.startFlow('invoices', { month: 7 });
    expect(fixture.controlPlane.consoleRuns.get(run)?.asked).toMatchObject({
      desktopFlow: 'invoices',
      user: me,
      inputs: { month: 7 },
    });
    await fixture.shows(run, ({ state }) => state === 'Waiting');
    expect(fixture.broker.kinds(run)).toEqual([]);
    await fixture.grant(run);
    await fixture.shows(run, ({ state, action }) => state === 'Running' && action === 'Read the invoices');
    await fixture.control(run, 'pause');
    await fixture.shows(run, ({ state }) => state === 'Paused');
    await fixture.control(run, 'resume');
    await fixture.control(run, 'stop');
    await fixture.shows(run, ({ state }) => state === 'Stopped');
    expect(await fixture.broker.event(run, 'done')).toMatchObject({ outcome: 'Stopped' });
  });

  it('K1: one that still waits is cancelled at the control plane; its input was checked here', async () => {
    await expect(fixture.startFlow('invoices', { month: 'July' })).rejects.toMatchObject({
      code: 'InvalidInput',
    });
    await expect(fixture.startFlow('unknown')).rejects.toMatchObject({ code: 'DesktopFlowNotFound' });
    const run = await fixture.startFlow('invoices', { month: 7 });
    await fixture.control(run, 'stop');
    await fixture.shows(run, ({ state }) => state === 'Stopped');
  });

  it('K1: cut off, the agent starts it alone, refuses offers meanwhile, and sends no event of it', async () => {
    const first = await fixture.startFlow('report');
    await fixture.grant(first);
    await fixture.shows(first, ({ state }) => state === 'Succeeded');
    // A run of the portal brings the other package.
    const other = newRunId();
    await fixture.go(other, hash, {}, { inputs: { month: 7 } });
    await fixture.broker.event(other, 'progress');
    await fixture.agent?.control(other, { what: 'kill', by: me });
    await fixture.until(() => fixture.agent?.runs().length === 0);

    await fixture.cutOff();
    const { online } = await fixture.state();
    expect(online).toBe(false);
    const id = await fixture.startFlow('invoices', { month: 7 });
    await fixture.shows(id, ({ state, here, action }) => state === 'Running' && here && action !== undefined);
    await expect(fixture.startFlow('report')).rejects.toMatchObject({ code: 'UIFlowAlreadyRunning' });

    await fixture.comeBack();
    const offered = newRunId();
    await fixture.broker.command(offer(offered, fixture.fence(), fixture.controlPlane.machine));
    expect(await fixture.broker.event(offered, 'refused')).toMatchObject({
      error: { code: 'UIFlowAlreadyRunning' },
    });
    await fixture.control(id, 'stop');
    await fixture.shows(id, ({ state }) => state === 'Stopped');
    await fixture.broker.command(offer(newRunId(), fixture.fence(), fixture.controlPlane.machine));
    expect(fixture.broker.of(id)).toEqual([]);
  });

  it('K1: a run of a killed agent is answered for by the next one, from its journal', async () => {
    const first = await fixture.startFlow('invoices', { month: 7 });
    await fixture.grant(first);
    await fixture.shows(first, ({ state }) => state === 'Running');
    await fixture.agent?.stop({ graceMs: 0 });
    await fixture.startWithConsole();
    const run = await fixture.shows(first, ({ endedAt }) => endedAt !== undefined);
    expect(run).toMatchObject({ state: 'Failed', error: { code: 'SessionNotFound' } });
  });
});
