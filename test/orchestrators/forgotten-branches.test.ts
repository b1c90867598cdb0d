import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { AppRig } from '../support/app-rig';
import { startForgetfulApp } from '../support/start-app';
import { JournalAgent } from '../support/journal-agent';
import { MINUTE, publishDesktopFlow, runId, SECOND } from '../support/runs';
import { forgetSometimes, generator } from '../support/random';
import { TestAgent } from '../support/test-agent';

/*
 * docs/adr/0010-the-word-about-a-grant.md: branches side by side, over episodes that are forgotten. Each action gets its own run's outcome, and no run is executed twice.
 */
let rig: AppRig;
beforeEach(() => {
  rig = startForgetfulApp();
});
afterEach(() => rig.close());

const SEEDS = Number(process.env['SEEDS'] ?? 6);
const desktop = (connection: string, ...names: string[]) => ({
  type: 'DesktopFlow',
  inputs: { desktopFlow: 'invoices', connection, mode: 'unattended' },
  runAfter: Object.fromEntries(names.map((name) => [name, ['Succeeded']])),
});

test('A5: a run has its number by the place of its action, not by its start; rounds count on', async () => {
  await publishDesktopFlow(rig);
  const agents = [await TestAgent.register(rig, 1), await TestAgent.register(rig, 2)] as const;
  for (const agent of agents) await agent.hello();
  const actions = {
    First1: desktop('machine-1'),
    Then1: desktop('machine-1', 'First1'),
    First2: desktop('machine-2'),
    Then2: desktop('machine-2', 'First2'),
    Each: {
      type: 'Foreach',
      foreach: ['a', 'b'],
      actions: { One: desktop('machine-2'), Two: desktop('machine-2', 'One') },
      runAfter: { Then2: ['Succeeded'] },
    },
  };
  const checked = checkDefinition({ name: 'flow', triggers: { manual: { type: 'Request' } }, actions });
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  const run = runId(1);
  await rig.start('cloud-flow-run', { run, flow: 'flow', definition: hash, triggerBody: {} }, run);
  const [first, second] = agents;
  for (let n = 0; n < 6; n++) await second.succeed(await second.startRun());
  for (let n = 0; n < 2; n++) await first.succeed(await first.startRun());
  const runs = (agent: TestAgent): string[] => agent.commands('go').map(({ run: of }) => of);
  expect(runs(second).slice(0, 2)).toEqual([`${run}-3`, `${run}-4`]);
  expect(runs(first)).toEqual([`${run}-1`, `${run}-2`]);
  expect(new Set(runs(second).slice(2))).toEqual(new Set([1, 2, 3, 4].map((number) => `${run}.5-${number}`)));
});

test.each(Array.from({ length: SEEDS }, (_value, index) => index + 1))('A5: seed %d', async (seed) => {
  const random = generator(seed);
  const machines: JournalAgent[] = [];
  await publishDesktopFlow(rig);
  for (const number of [1, 2, 3]) {
    const agent = await TestAgent.register(rig, number);
    await agent.hello();
    machines.push(new JournalAgent(agent));
  }
  const actions = Object.fromEntries(
    [1, 2, 3].flatMap((number) => {
      const connection = `machine-${number}`;
      return [
        [`First${number}`, desktop(connection)],
        [`Then${number}`, desktop(connection, `First${number}`)],
      ];
    }),
  );
  const checked = checkDefinition({ name: 'flow', triggers: { manual: { type: 'Request' } }, actions });
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  const run = runId(1);
  const delivered = new Set<object>();
  forgetSometimes(rig, random, 0.08);
  await rig.start('cloud-flow-run', { run, flow: 'flow', definition: hash, triggerBody: {} }, run);
  const heartbeats = async (): Promise<void> => {
    for (const { agent, executing } of machines) await agent.heartbeat(...(executing ? [executing] : []));
  };
  for (let n = 0; n < 90; n++) {
    for (const command of rig.ports.sent.filter((each) => !delivered.has(each))) {
      delivered.add(command);
      await machines.find(({ agent }) => agent.machine === command.machine)?.take(command);
    }
    const machine = machines[Math.floor(random() * machines.length)];
    if (machine?.executing) await machine.finish();
    if (n > 45) rig.forgets = undefined;
    await rig.live(random() < 0.5 ? SECOND : MINUTE, heartbeats);
  }
  const { status, output } = await rig.instance<CloudFlowRunResult>(run);
  expect({ status, state: output?.state }).toEqual({ status: 'Completed', state: 'Succeeded' });
  const runs = Object.values(output.actions).map(({ run: of }) => of);
  expect(new Set(runs).size).toBe(6);
  const executions = machines.map(({ executions: of }) => of);
  expect(new Set(executions.flat())).toEqual(new Set(runs));
  expect(executions.flat()).toHaveLength(6);
  machines.forEach(({ executions: of }, index) => {
    const own = ['First', 'Then'].map((word) => output.actions[`${word}${index + 1}`]?.run);
    expect(of).toEqual(own);
  });
});
