import type { AppRig } from '../support/app-rig';
import { startForgetfulApp } from '../support/start-app';
import {
  cancel,
  desktopRun,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
  story,
} from '../support/runs';
import { TestAgent, type Grant } from '../support/test-agent';

/*
 * docs/adr/0010-the-word-about-a-grant.md: the host was killed after an episode had sent what it decided and before it wrote that down. What the
 * episode had taken comes again later, behind other messages.
 */
let rig: AppRig;
let agent: TestAgent;
let run: string;

beforeEach(async () => {
  rig = startForgetfulApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
  await agent.hello();
  run = await startDesktopRun(rig);
});
afterEach(() => rig.close());

const state = async (): Promise<string> => (await desktopRun(rig, run)).customStatus.state;
const gone = (): string[] => agent.commands('go').map(({ run: told }) => told);

/** The next episode of the run is forgotten. */
function forgetOnce(againMs: number): void {
  rig.forgets = (instance) => {
    if (instance !== run) return undefined;
    rig.forgets = undefined;
    return againMs;
  };
}

/** `accepted` is taken by an episode that says go and is forgotten. */
async function acceptForgotten(againMs = 5 * MINUTE): Promise<Grant> {
  forgetOnce(againMs);
  const grant = await agent.accept();
  expect(gone()).toEqual([run]);
  return grant;
}

describe('L4: go was sent by an episode that is forgotten', () => {
  test('the machine says that it has started, and the run is followed to its end', async () => {
    const grant = await acceptForgotten();
    await agent.say('started', { at: new Date(rig.clock.now()).toISOString() }, grant);
    expect(await state()).toBe('Running');
    await agent.succeed(grant, { total: 7 });
    const { output } = await desktopRun(rig, run);
    expect(output).toMatchObject({ state: 'Succeeded', outputs: { total: 7 } });
    expect(await rig.queue(agent.machine)).toMatchObject({ grants: [], entries: [] });
  });

  test('it has ended before anything else is heard: its outcome counts', async () => {
    await agent.succeed(await acceptForgotten(), { total: 7 });
    expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Succeeded', outputs: { total: 7 } });
  });

  test('nothing is heard within the minute: the run is not offered to another machine', async () => {
    const grant = await acceptForgotten();
    const other = await TestAgent.register(rig, 2);
    await other.hello();
    await rig.advance(2 * MINUTE);
    expect(await story(rig, run)).not.toContain('returned to queue');
    expect((await rig.queue(agent.machine)).grants).toMatchObject([{ entry: { run } }]);
    await agent.succeed(grant);
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
    await rig.advance(10 * MINUTE);
    expect(agent.commands('offer')).toHaveLength(1);
  });

  test('a cancel waits for the proof of the machine', async () => {
    const grant = await acceptForgotten();
    await cancel(rig, run);
    expect((await desktopRun(rig, run)).status).toBe('Running');
    expect(agent.commands('stop')).toMatchObject([{ run, fence: grant.fence }]);
    await agent.say('done', { outcome: 'Stopped' }, grant);
    expect((await desktopRun(rig, run)).output.state).toBe('Cancelled');
  });
});

test('L4: what was given back by an episode that is forgotten is not told to go', async () => {
  const grant = agent.offered();
  await rig.advance(59 * SECOND);
  // The episodes in which the minute is over, and in which the grant goes back, are forgotten.
  rig.forgets = (instance) => (instance === run ? 5 * MINUTE : undefined);
  await rig.advance(2 * SECOND);
  rig.forgets = undefined;
  await agent.say('accepted', {}, grant);
  expect(gone()).toEqual([]);
  await rig.advance(6 * MINUTE);
  const again = await agent.startRun();
  expect(again.fence).not.toEqual(grant.fence);
  await agent.succeed(again);
  expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  expect(agent.commands('go').map(({ fence }) => fence)).toEqual([again.fence]);
});
