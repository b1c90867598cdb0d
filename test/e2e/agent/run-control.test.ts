import { statSync } from 'node:fs';
import path from 'node:path';
import { readProcStat } from '../../../agent/process/process-identity';
import { ownSession } from '../../../agent/session/own';
import type { AgentCommand } from '../../../contracts/agent-protocol';
import type { Fence } from '../../../contracts/ids';
import { AgentFixture, nodeFlow, stop } from '../../support/agent/agent-fixture';

const PNG = Buffer.from('\x89PNG of a dialog', 'latin1');
let screen: () => Promise<Buffer> = async () => PNG;

/** The agent's own session, with a screen that the test paints. */
const session = ownSession();
const seen = {
  ...session,
  open: async (request: Parameters<typeof session.open>[0]) => ({
    ...(await session.open(request)),
    screenshot: () => screen(),
  }),
};

/** Pause, resume and stop of runs that execute (rows A7, L8). */
describe('control of a run', () => {
  const fixture = new AgentFixture();
  beforeAll(async () => {
    await fixture.start({ session: seen });
  });
  beforeEach(() => (screen = async () => PNG));
  afterAll(() => fixture.end());
  const { broker } = fixture;

  /** A flow that beats, and a child of it that has left its group and session and beats too. */
  const beating = nodeFlow(`
    const { spawn } = require('node:child_process');
    const stray = 'setInterval(() => require("fs").appendFileSync("stray", "."), 10)';
    spawn(process.execPath, ['-e', stray], { detached: true, stdio: 'ignore' }).unref();
    setInterval(() => require('fs').appendFileSync('own', '.'), 10);
    console.log('beats');
  `);

  async function begin(
    files: Record<string, string>,
    ready = 'beats',
  ): Promise<{ run: string; fence: Fence }> {
    const fence = fixture.fence();
    const run = await fixture.run(files, {}, { fence });
    await broker.until(() => fixture.logOf(run).some((line) => line.text === ready));
    return { run, fence };
  }

  function beats(run: string): number {
    const work = path.join(fixture.dataDir, 'runs', run, 'work');
    const size = (name: string): number =>
      statSync(path.join(work, name), { throwIfNoEntry: false })?.size ?? 0;
    return Math.min(size('own'), size('stray')) * 1_000_000 + Math.max(size('own'), size('stray'));
  }

  function order(of: { run: string; fence: Fence }, kind: 'pause' | 'resume', number: number): AgentCommand {
    return { v: 1, kind, order: number, machine: fixture.controlPlane.machine, ...of };
  }

  /** Two looks with time between them that is long for a heart of 10 ms. */
  async function stands(run: string): Promise<boolean> {
    const before = beats(run);
    await new Promise((resolve) => setTimeout(resolve, 150));
    return beats(run) === before;
  }

  test('A7: a paused run stands still with all it has started; repeats and what was overtaken change nothing', async () => {
    const of = await begin(beating);
    await fixture.until(() => beats(of.run) > 1_000_000);
    await broker.command(order(of, 'pause', 1));
    await broker.event(of.run, 'paused');
    expect(await stands(of.run)).toBe(true);
    await broker.command(order(of, 'resume', 3));
    await broker.event(of.run, 'resumed');
    const before = beats(of.run);
    await fixture.until(() => beats(of.run) > before + 1_000_000);
    // Late, and once more.
    await broker.command(order(of, 'pause', 2));
    await broker.command(order(of, 'pause', 1));
    expect(await stands(of.run)).toBe(false);
    expect(broker.kinds(of.run).filter((kind) => kind === 'paused')).toHaveLength(1);
    await broker.command(stop(of.run, of.fence, fixture.controlPlane.machine, 0));
    expect(await broker.event(of.run, 'done')).toMatchObject({ outcome: 'Stopped' });
    await broker.command(order(of, 'pause', 4));
    expect(broker.kinds(of.run).at(-1)).toBe('done');
  });

  test('A7: at a checkpoint the flow ends with its outputs so far, also when it was paused', async () => {
    const of = await begin(
      nodeFlow(`
        const attendant = require('attendant');
        attendant.output('rows', 3);
        console.log('beats');
        setInterval(() => attendant.checkpoint(), 10);
      `),
    );
    await broker.command(order(of, 'pause', 1));
    await broker.event(of.run, 'paused');
    await broker.command({ ...stop(of.run, of.fence, fixture.controlPlane.machine), mode: 'checkpoint' });
    expect(await broker.event(of.run, 'done')).toMatchObject({ outcome: 'Stopped', outputs: { rows: 3 } });
  });

  test('A7: a flow without checkpoints goes on until it is asked for more; kill does not wait', async () => {
    const of = await begin(
      nodeFlow(
        `process.on('SIGTERM', () => console.log('asked')); setInterval(() => {}, 1000); console.log('beats');`,
      ),
    );
    const { machine } = fixture.controlPlane;
    await broker.command({ ...stop(of.run, of.fence, machine), mode: 'checkpoint' });
    await broker.command(stop(of.run, of.fence, machine, 3_600_000));
    await broker.until(() => fixture.logOf(of.run).some((line) => line.text === 'asked'));
    await broker.command({ ...stop(of.run, of.fence, machine), mode: 'kill' });
    expect(await broker.event(of.run, 'done')).toMatchObject({ outcome: 'Stopped' });
  });

  test('A7: somebody at the machine pauses, resumes and stops; the control plane learns who', async () => {
    const { run } = await begin(beating);
    const control = (what: 'pause' | 'resume' | 'kill'): Promise<boolean> | undefined =>
      fixture.agent?.control(run, { what, by: 'anna' });
    expect(await control('pause')).toBe(true);
    expect(await broker.event(run, 'paused')).toEqual({ by: 'anna' });
    expect(await stands(run)).toBe(true);
    expect(await control('resume')).toBe(true);
    expect(await control('kill')).toBe(true);
    expect(await broker.event(run, 'done')).toMatchObject({
      outcome: 'Stopped',
      error: { code: 'Cancelled', details: 'by anna at the machine' },
    });
    await fixture.until(() => fixture.agent?.runs().length === 0);
    expect(await control('pause')).toBe(false);
  });

  test('L8: a failed run leaves a picture of its screen, taken while its programs still stood there', async () => {
    let pid = 0;
    let stood = false;
    screen = async () => {
      stood = (await readProcStat(pid)) !== undefined;
      return PNG;
    };
    const run = await fixture.run(
      nodeFlow(`
        const child = require('child_process').spawn('sleep', ['1000'], { stdio: 'ignore' });
        child.unref();
        console.log('pid ' + child.pid);
        setTimeout(() => require('attendant').fail('no such button'), 200);
      `),
    );
    await broker.until(() => fixture.logOf(run).some((line) => line.text.startsWith('pid ')));
    pid = Number(fixture.logOf(run)[0]?.text.slice(4));
    expect(await broker.event(run, 'done')).toMatchObject({
      outcome: 'Failed',
      screenshot: { artifact: 'failure.png' },
    });
    expect(stood).toBe(true);
    expect(fixture.controlPlane.artifacts.get(`${run}/artifacts/failure.png`)).toEqual(PNG);
  });

  test('L8: so does a run that is over its time, before it is asked to go away', async () => {
    const of = await begin(nodeFlow(`setInterval(() => {}, 1000); console.log('beats');`));
    await broker.command({
      ...stop(of.run, of.fence, fixture.controlPlane.machine),
      reason: 'timedOut',
    });
    expect(await broker.event(of.run, 'done')).toMatchObject({
      outcome: 'Stopped',
      screenshot: { artifact: 'failure.png' },
    });
  });

  test('L8: without a picture the run says why; a run that succeeds has none', async () => {
    screen = () => Promise.reject(new Error('the X server is gone'));
    const failed = await fixture.run(nodeFlow(`process.exit(3);`));
    expect(await broker.event(failed, 'done')).toMatchObject({
      screenshot: { none: 'The screen could not be captured: the X server is gone' },
    });
    const well = await fixture.run(nodeFlow(''));
    expect(await broker.event(well, 'done')).not.toHaveProperty('screenshot');
  });
});
