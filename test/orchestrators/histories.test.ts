import type { OrchestrationHandler } from 'durable-functions';
import { EnvironmentSealer } from '../../adapters/secrets/environment-sealer';
import type { FlowDefinition } from '../../contracts/flow-definition';
import { flowDefinition } from '../../contracts/flow-definition';
import { actionTries } from '../../orchestrators/action-tries';
import { capacityCommand } from '../../orchestrators/capacity-command';
import { cloudFlowLoop } from '../../orchestrators/cloud-flow-loop';
import { cloudFlowPart } from '../../orchestrators/cloud-flow-part';
import { cloudFlowRun } from '../../orchestrators/cloud-flow-run';
import { desktopFlowRun } from '../../orchestrators/desktop-flow-run';
import { moveMachine } from '../../orchestrators/move-machine';
import { orchestrations } from '../../orchestrators/names';
import { queueCommand } from '../../orchestrators/queue-command';
import { testConnection } from '../../orchestrators/test-connection';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { readHistories, recordedBy, replayRecorded, writeHistory } from '../support/recorded-history';
import { HOUR, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { TestAgent } from '../support/test-agent';

/*
 * An orchestration that is open while a new version is deployed is replayed by the new code. The recordings stand for those: a change
 * that breaks one has to branch on `context.df.version`. Record a new version with RECORD_HISTORIES=<version>.
 */
const sealer = new EnvironmentSealer({ ATTENDANT_DATA_KEY: 'no recording has anything sealed' });
const handlers: Record<string, OrchestrationHandler> = {
  [orchestrations.cloudFlowRun]: cloudFlowRun(sealer),
  [orchestrations.cloudFlowPart]: cloudFlowPart(sealer),
  [orchestrations.cloudFlowLoop]: cloudFlowLoop(sealer),
  [orchestrations.actionTries]: actionTries(sealer),
  [orchestrations.desktopFlowRun]: desktopFlowRun,
  [orchestrations.queueCommand]: queueCommand,
  [orchestrations.capacityCommand]: capacityCommand,
  [orchestrations.moveMachine]: moveMachine,
  [orchestrations.testConnection]: testConnection,
};

let rig: AppRig;

const recorded = readHistories();

test.each(recorded)('%s replays', async (_file, history) => {
  const handler = handlers[history.orchestration];
  if (!handler) throw new Error(`there is no orchestration ${history.orchestration} any more`);
  const { actions, output } = await replayRecorded(handler, history);
  expect({ actions, output }).toEqual({ actions: history.actions, output: history.output });
});

test('every orchestration of the app has recordings', () => {
  const names = new Set(recorded.map(([, { orchestration }]) => orchestration));
  expect([...names].sort()).toEqual(Object.values(orchestrations).sort());
});

test('no recording is longer than 500 events', () => {
  for (const [, { history }] of recorded) expect(history.length).toBeLessThan(500);
});

describe('scenarios', () => {
  let agent: TestAgent;
  beforeEach(async () => {
    rig = startApp();
    agent = await TestAgent.register(rig);
    await publishDesktopFlow(rig);
  });
  afterEach(() => rig.close());

  const run = runId(1);
  const GROUP = `g-${'0'.repeat(26)}`;

  async function startFlow(actions: Record<string, unknown>): Promise<void> {
    const definition: FlowDefinition = flowDefinition.parse({
      name: 'flow',
      triggers: { manual: { type: 'Request' } },
      actions,
    });
    const { hash } = await rig.ports.flows.put(definition);
    await rig.start('cloud-flow-run', { run, flow: 'flow', definition: hash, triggerBody: {} }, run);
  }

  const desktop = { type: 'DesktopFlow', inputs: { desktopFlow: 'invoices', connection: 'machine-1' } };

  async function succeedAll(count: number): Promise<void> {
    for (let n = 0; n < count; n++) await agent.succeed(await agent.startRun(), { n });
  }

  test.each<[string, () => Promise<void>]>([
    [
      'succeeded',
      async () => {
        await agent.hello();
        await startFlow({ A: desktop, B: { ...desktop, runAfter: { A: ['Succeeded'] } } });
        await succeedAll(2);
      },
    ],
    [
      'parallel',
      async () => {
        await agent.hello();
        await startFlow({ A: desktop, B: desktop, C: { ...desktop, runAfter: { A: ['Succeeded'] } } });
        await succeedAll(3);
      },
    ],
    [
      'segments',
      async () => {
        await agent.hello();
        const names = Array.from({ length: 30 }, (_value, index) => `Step${index}`);
        await startFlow(Object.fromEntries(names.map((name) => [name, desktop])));
        await succeedAll(30);
      },
    ],
    [
      'rounds-and-tries',
      async () => {
        await agent.hello();
        const retryPolicy = { type: 'fixed', count: 1, interval: 'PT1M' };
        await startFlow({
          Loop: {
            type: 'Foreach',
            foreach: Array.from({ length: 45 }, (_value, index) => index),
            actions: { Each: { type: 'Compose', inputs: "@items('Loop')" } },
            runtimeConfiguration: { concurrency: { repetitions: 1 } },
          },
          Retried: { ...desktop, inputs: { ...desktop.inputs, retryPolicy } },
        });
        const error = { code: 'SessionCreationError', message: 'no session' } as const;
        await agent.say('done', { outcome: 'Failed', error }, await agent.startRun());
        await rig.advance(60 * SECOND);
        await succeedAll(1);
      },
    ],
    [
      'until',
      async () => {
        await startFlow({
          Begin: { type: 'InitializeVariable', inputs: { variables: [{ name: 'n', type: 'integer' }] } },
          Again: {
            type: 'Until',
            expression: "@equals(outputs('Text'), '1, 25')",
            actions: {
              Nap: { type: 'Wait', inputs: { interval: { count: 1, unit: 'Second' } } },
              Count: {
                type: 'IncrementVariable',
                inputs: { name: 'n' },
                runAfter: { Nap: ['Succeeded'] },
              },
              Numbers: {
                type: 'Query',
                inputs: { from: ['@1', '@2', "@variables('n')"], where: '@not(equals(item(), 2))' },
                runAfter: { Count: ['Succeeded'] },
              },
              Text: {
                type: 'Join',
                inputs: { from: "@body('Numbers')", joinWith: ', ' },
                runAfter: { Numbers: ['Succeeded'] },
              },
            },
            runAfter: { Begin: ['Succeeded'] },
          },
        });
        await rig.advance(30 * SECOND);
      },
    ],
    [
      'timed-out-in-queue',
      async () => {
        await startFlow({ A: desktop });
        await rig.advance(3 * HOUR);
      },
    ],
    [
      'refused-then-cancelled',
      async () => {
        await agent.hello();
        await startFlow({ A: desktop });
        await agent.say(
          'refused',
          { error: { code: 'UIFlowAlreadyRunning', message: 'busy' } },
          agent.offered(),
        );
        await rig.advance(31 * SECOND);
        await rig.advance(60 * SECOND);
        await rig.advance(31 * SECOND);
        const grant = await agent.startRun();
        await rig.instances.raise(run, 'inbox', { kind: 'cancel', by: 'ann' });
        await rig.idle();
        await agent.say('done', { outcome: 'Stopped' }, grant);
      },
    ],
    [
      'paused',
      async () => {
        await agent.hello();
        await startFlow({ A: desktop });
        const grant = await agent.startRun();
        const wish = async (kind: 'pause' | 'resume'): Promise<void> => {
          await rig.instances.raise(`${run}-1`, 'inbox', { kind, by: 'ann' });
          await rig.idle();
        };
        await wish('pause');
        await agent.say('paused', {}, grant);
        await wish('resume');
        await agent.say('resumed', {}, grant);
        await wish('pause');
        await agent.say('notPaused', { reason: 'Processes cannot be frozen on Windows.' }, grant);
        await agent.succeed(grant);
      },
    ],
    [
      'run-timeout',
      async () => {
        await agent.hello();
        await startFlow({ A: { ...desktop, limit: { timeout: 'P8D' } } });
        const grant = await agent.startRun();
        await rig.advance(8 * 24 * HOUR);
        await agent.say('done', { outcome: 'Stopped' }, grant);
      },
    ],
    [
      'connection-tested',
      async () => {
        await agent.hello();
        const test = `ct-${'0'.repeat(26)}`;
        await rig.start('test-connection', { connection: 'machine-1' }, test);
        await agent.say('connectionTested', { test, user: 'known', password: 'notChecked' });
      },
    ],
    [
      'connection-not-tested',
      async () => {
        await agent.hello();
        await rig.start('test-connection', { connection: 'machine-1' }, `ct-${'1'.repeat(26)}`);
        await rig.advance(30 * SECOND);
      },
    ],
    [
      'machine-moved-to-a-group',
      async () => {
        await agent.hello();
        await startFlow({ A: desktop, B: desktop });
        const grant = await agent.startRun();
        await rig.start('move-machine', { machine: agent.machine, target: GROUP, actor: 'ann' }, 'move');
        await rig.advance(40 * SECOND);
        await agent.succeed(grant);
        await rig.advance(40 * SECOND);
        await agent.succeed(await agent.startRun());
      },
    ],
    [
      'machine-refused-by-a-group',
      async () => {
        const settings = { group: true, reuseSession: true };
        const order = { kind: 'settings', settings, actor: 'ann' };
        await rig.start('queue-command', { queue: GROUP, order }, 'settings');
        await rig.start('move-machine', { machine: agent.machine, target: GROUP, actor: 'ann' }, 'move');
      },
    ],
    [
      'machine-deleted',
      async () => {
        await agent.hello();
        await startFlow({ A: desktop, B: desktop });
        await agent.startRun();
        await rig.ports.machines.change(agent.machine, { revoked: true });
        await rig.start('move-machine', { machine: agent.machine, target: 'deleted', actor: 'ann' }, 'move');
        await rig.advance(60 * SECOND);
      },
    ],
    [
      'bots-limited',
      async () => {
        await agent.hello();
        const settings = { limitedBots: true };
        const order = { kind: 'settings', settings, actor: 'environment' };
        await rig.start('queue-command', { queue: agent.machine, order }, 'limit');
        await startFlow({ A: desktop, B: desktop });
        await rig.start('capacity-command', { kind: 'setTotal', total: 1 }, 'capacity');
        await succeedAll(2);
      },
    ],
  ])('%s ends and replays', async (scenario, play) => {
    await play();
    const histories = recordedBy(rig, scenario);
    expect(histories.size).toBeGreaterThan(0);
    const version = process.env['RECORD_HISTORIES'];
    for (const [file, history] of histories) {
      const handler = handlers[history.orchestration];
      if (!handler) throw new Error(`no handler for ${history.orchestration}`);
      await replayRecorded(handler, history);
      if (version) writeHistory(version, file, history);
    }
  });
});
