import type { AgentCommand } from '../../contracts/agent-protocol';
import type { AppRig } from '../support/app-rig';
import { startForgetfulApp } from '../support/start-app';
import { JournalAgent } from '../support/journal-agent';
import {
  cancel,
  desktopRun,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
} from '../support/runs';
import { forgetSometimes, generator } from '../support/random';
import { TestAgent } from '../support/test-agent';

/*
 * Row L4 on the real code: random histories with lost, late, repeated and reordered messages, cancels, terminated owners, outages,
 * time, a queue of three places, priorities, moves to the top, maintenance, machines freed by hand and registered anew. Then everything works again, and: every run has ended, none was executed twice, nothing was executed after it had ended
 * otherwise, the machine is free, and no orchestration lost its way in a replay.
 */
let rig: AppRig;

beforeEach(() => {
  rig = startForgetfulApp();
});
afterEach(() => rig.close());

const SEEDS = Number(process.env['SEEDS'] ?? 8);
const FIRST = Number(process.env['FIRST_SEED'] ?? 1);

test.each(Array.from({ length: SEEDS }, (_value, index) => FIRST + index))(
  'seed %d',
  async (seed) => {
    const random = generator(seed);
    const pick = <Item>(items: readonly Item[]): Item | undefined =>
      items[Math.floor(random() * items.length)];
    const agent = await TestAgent.register(rig);
    const machine = new JournalAgent(agent);
    await publishDesktopFlow(rig);
    await agent.hello();

    const runs: string[] = [];
    const terminated = new Set<string>();
    const delivered = new Set<AgentCommand>();
    const said: unknown[] = [];
    const send = agent.send.bind(agent);
    let losing = 0;
    agent.send = async (envelope) => {
      said.push(envelope);
      if (random() >= losing) await send(envelope);
    };
    const undelivered = (): AgentCommand[] => rig.ports.sent.filter((command) => !delivered.has(command));
    const deliver = async (command: AgentCommand | undefined): Promise<void> => {
      if (!command) return;
      delivered.add(command);
      await machine.take(command);
    };

    let orders = 0;
    const order = (fields: Record<string, unknown>): Promise<void> =>
      rig.start(
        'queue-command',
        { queue: agent.machine, order: { actor: 'ann', ...fields } },
        `order-${++orders}`,
      );
    const settings = (given: Record<string, unknown>): Promise<void> =>
      order({ kind: 'settings', settings: given });
    await settings({ maxEntries: 3 });

    const steps: (() => Promise<void>)[] = [
      async () => void (runs.length < 6 && runs.push(await startDesktopRun(rig, runs.length + 1))),
      () => deliver(pick(undelivered())),
      () => deliver(undelivered()[0]),
      () => deliver(undelivered()[0]),
      () => deliver(pick(rig.ports.sent)),
      () => machine.finish(random() < 0.7 ? 'Succeeded' : 'Failed'),
      async () => void (said.length > 0 && (await send(pick(said)))),
      () => rig.advance(pick([SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, HOUR]) ?? 0),
      () => rig.live(2 * MINUTE, () => agent.heartbeat(...(machine.executing ? [machine.executing] : []))),
      async () => {
        const run = pick(runs);
        if (run && random() < 0.3) await cancel(rig, run);
      },
      async () => {
        const run = pick(runs);
        if (!run || random() >= 0.15) return;
        if ((await rig.instances.stateOf(run)) === 'open') terminated.add(run);
        await rig.engine.terminate(run, 'test');
        await rig.idle();
      },
      async () => void (losing = random() < 0.5 ? 0 : 0.3),
      async () => {
        const run = pick(runs);
        const kind = pick(['setPriority', 'moveToTop', 'undoMove']);
        if (run) await order({ kind, run, priority: pick(['high', 'normal', 'low']) });
      },
      () => settings({ maintenance: random() < 0.3 }),
      async () => {
        if (random() < 0.2) await order({ kind: 'releaseByHand', machine: agent.machine, reason: 'hangs' });
      },
      async () => {
        if (random() < 0.3) await machine.registerAnew(random() < 0.5 ? 'kept' : 'lost');
      },
    ];
    const forgetting = Number(process.env['FORGET'] ?? (seed % 2 === 0 ? 0.05 : 0));
    forgetSometimes(rig, random, forgetting);
    for (let n = 0; n < 60; n++) await pick(steps)?.();
    rig.forgets = undefined;

    losing = 0;
    await settings({ maintenance: false });
    const endedBefore = await outcomes(runs);
    for (let n = 0; n < 40; n++) {
      for (const command of undelivered()) await deliver(command);
      await machine.finish();
      await machine.repeat();
      await rig.live(2 * MINUTE, () => agent.heartbeat(...(machine.executing ? [machine.executing] : [])));
    }
    await rig.live(8 * HOUR, () => agent.heartbeat());

    const ended = await outcomes(runs);
    for (const run of runs) {
      const { status, output } = await desktopRun(rig, run);
      expect({ run, status }).toEqual({ run, status: terminated.has(run) ? 'Terminated' : 'Completed' });
      if (terminated.has(run)) continue;
      if (output.state === 'Succeeded') expect(machine.executions).toContain(run);
      if (endedBefore.get(run)) expect(ended.get(run)).toBe(endedBefore.get(run));
      expect((await rig.history(run)).length).toBeLessThan(500);
    }
    expect(new Set(machine.executions).size).toBe(machine.executions.length);
    const queue = await rig.queue(agent.machine);
    expect({ grants: queue.grants, outbox: queue.outbox }).toEqual({ grants: [], outbox: [] });
  },
  120_000,
);

async function outcomes(runs: string[]): Promise<Map<string, string | undefined>> {
  const states = await Promise.all(
    runs.map(async (run): Promise<[string, string | undefined]> => {
      const { output } = await desktopRun(rig, run);
      return [run, (output as { state?: string } | undefined)?.state];
    }),
  );
  return new Map(states);
}
