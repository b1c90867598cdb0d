import type { FlowDefinition } from '../../contracts/flow-definition';
import { flowDefinition } from '../../contracts/flow-definition';
import type { MachineReport } from '../../contracts/agent-protocol';
import type { QueueView } from '../../contracts/api-machines';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import {
  desktopRun,
  desktopRunInput,
  HOUR,
  publishDesktopFlow,
  runId,
  SECOND,
  startDesktopRun,
} from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const C4 = 'Win10AlreadyHasActiveSession';
const windows10 = { os: 'windows10', multipleSessionsPerUser: false } as const;
const sessions: MachineReport['sessions'] = [{ user: 'Eve', userKey: 'eve', state: 'locked' }];

async function connect(more: Record<string, unknown>): Promise<void> {
  const target = { kind: 'machine', id: agent.machine };
  const answer = await api(rig, 'PUT', 'connections/office', { target, ...more });
  expect(answer.status).toBe(200);
}

async function waiting(): Promise<QueueView['waiting']> {
  const { body } = await api(rig, 'GET', `machines/${agent.machine}/queue`);
  return (body as unknown as QueueView).waiting;
}

const start = (action: Parameters<typeof desktopRunInput>[0] = {}): Promise<string> =>
  startDesktopRun(rig, 1, desktopRunInput({ connection: 'office', ...action }));

describe('C8: a session on the machine is in the way', () => {
  test('wait, as the connection says: the reason is shown, and the run starts when the session is gone', async () => {
    await connect({ user: 'ann', whenSessionBlocked: 'wait' });
    await agent.hello({ ...windows10, sessions });
    const run = await start();
    expect(await waiting()).toMatchObject([
      { run, reason: { why: 'sessionBlocked', code: C4, machine: agent.machine } },
    ]);
    expect(agent.commands('offer')).toEqual([]);
    await rig.advance(HOUR);
    await agent.hello(windows10);
    await agent.succeed(await agent.startRun());
    expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  });

  test('wait, until the queue timeout: NoCandidateMachine with the blocking reason', async () => {
    await connect({ user: 'ann', whenSessionBlocked: 'wait' });
    await agent.hello({ ...windows10, sessions });
    const run = await start();
    await rig.advance(3 * HOUR);
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'TimedOut',
      error: { code: 'NoCandidateMachine', subCode: C4 },
    });
  });

  test.each([
    ['by default', {}, {}],
    [
      'when the action says so, against the connection',
      { whenSessionBlocked: 'wait' },
      { whenSessionBlocked: 'fail' },
    ],
  ] as const)('fail, %s: the machine is asked and refuses', async (_when, connection, action) => {
    await connect({ user: 'ann', ...connection });
    await agent.hello({ ...windows10, sessions });
    const run = await start(action);
    const grant = await agent.startRun();
    const error = { code: C4, message: 'There is a session.' } as const;
    await agent.say('done', { outcome: 'Failed', error }, grant);
    expect((await desktopRun(rig, run)).output).toMatchObject({ state: 'Failed', error: { code: C4 } });
  });

  test.each(['attended', 'unattended'] as const)(
    'an %s run of the agent itself is blocked by nobody: it needs no session of its own',
    async (mode) => {
      await connect({ whenSessionBlocked: 'wait' });
      await agent.hello({ ...windows10, sessions });
      const run = await start({ mode });
      await agent.succeed(await agent.startRun());
      expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
    },
  );
});

describe('A5: priority, mode and policy may be expressions', () => {
  async function startFlow(inputs: Record<string, unknown>, triggerBody: unknown): Promise<void> {
    const definition: FlowDefinition = flowDefinition.parse({
      name: 'flow',
      triggers: { manual: { type: 'Request' } },
      actions: {
        A: { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'office', ...inputs } },
      },
    });
    const { hash } = await rig.ports.flows.put(definition);
    const input = { run: runId(1), flow: 'flow', definition: hash, triggerBody };
    await rig.start('cloud-flow-run', input, runId(1));
  }
  const inputs = {
    priority: "@triggerBody()?['priority']",
    mode: "@{triggerBody()?['mode']}attended",
    queueTimeout: "PT@{triggerBody()?['seconds']}S",
  };

  test('what they evaluate to counts', async () => {
    await connect({ user: 'ann' });
    await startFlow(inputs, { priority: 'high', mode: 'un', seconds: 90 });
    expect(await waiting()).toMatchObject([{ priority: 'high', mode: 'unattended' }]);
    await rig.advance(90 * SECOND);
    expect(await waiting()).toEqual([]);
  });

  test('null is the default', async () => {
    await connect({ user: 'ann' });
    await startFlow({ priority: inputs.priority }, {});
    expect(await waiting()).toMatchObject([{ priority: 'normal', mode: 'unattended' }]);
  });

  test('what is none of the values fails the action with its name', async () => {
    await connect({ user: 'ann' });
    await startFlow({ ...inputs, queueTimeout: 'PT1H' }, { priority: 'urgent', mode: 'half' });
    const { output } = await rig.instance<CloudFlowRunResult>(runId(1));
    expect(output).toMatchObject({ state: 'Failed', error: { code: 'InvalidInput' } });
    expect(output.error?.details).toMatch(/mode: .*; priority: /);
  });
});
