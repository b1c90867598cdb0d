import type { MachineCommand } from '../../contracts/agent-protocol';
import type { Fence } from '../../contracts/ids';
import type { AppRig } from '../support/app-rig';
import { startForgetfulApp } from '../support/start-app';
import { JournalAgent } from '../support/journal-agent';
import { api } from '../support/rig-api';
import {
  cancel,
  desktopRun,
  desktopRunInput,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
} from '../support/runs';
import { forgetSometimes, generator } from '../support/random';
import { TestAgent } from '../support/test-agent';

/*
 * Row L4 over several machines: random histories of two machines that join and leave a group, are members of a gateway cluster (B6, B7),
 * disappear and come back, with bots that are limited now and then (H1), pauses and cancels; commands and events are lost, late and
 * repeated. Then everything works again, and: every run has ended, none was executed twice or on two machines, fences only grew on each
 * machine, every machine is in one queue and free, no bot is lost.
 */
let rig: AppRig;

beforeEach(() => {
  rig = startForgetfulApp();
});
afterEach(() => rig.close());

const SEEDS = Number(process.env['SEEDS'] ?? 6);
const FIRST = Number(process.env['FIRST_SEED'] ?? 1);
const CONNECTIONS = ['machine-1', 'machine-2', 'team', 'pinned', 'east'] as const;

test.each(Array.from({ length: SEEDS }, (_value, index) => FIRST + index))(
  'L4: fleet of seed %d',
  async (seed) => {
    const random = generator(seed);
    const pick = <Item>(items: readonly Item[]): Item | undefined =>
      items[Math.floor(random() * items.length)];
    const agents = [await TestAgent.register(rig, 1), await TestAgent.register(rig, 2)];
    const machines = agents.map((agent) => new JournalAgent(agent));
    await publishDesktopFlow(rig);
    for (const agent of agents) await agent.hello({ multipleSessionsPerUser: false });
    const group = String((await api(rig, 'POST', 'machine-groups', { name: 'Team' })).body['id']);
    await api(rig, 'PUT', 'gateway-clusters/east', {});
    const gateway = (index: number, enabled: boolean) =>
      api(rig, 'PUT', `gateways/gateway-${index}`, {
        machine: agents[index]?.machine,
        cluster: 'east',
        enabled,
      });
    for (const index of [0, 1]) await gateway(index, true);
    const connect = (name: string, target: object) => api(rig, 'PUT', `connections/${name}`, { target });
    await connect('team', { kind: 'group', id: group });
    await connect('pinned', { kind: 'group', id: group, pinned: agents[0]?.machine });
    await connect('east', { kind: 'cluster', name: 'east' });

    const runs: string[] = [];
    const said: { agent: TestAgent; envelope: unknown }[] = [];
    let losing = 0;
    for (const agent of agents) {
      const send = agent.send.bind(agent);
      agent.send = async (envelope) => {
        said.push({ agent, envelope });
        if (random() >= losing) await send(envelope);
      };
    }
    const delivered = new Set<MachineCommand>();
    const undelivered = () => rig.ports.sent.filter((command) => !delivered.has(command));
    const deliver = async (command: (typeof rig.ports.sent)[number] | undefined): Promise<void> => {
      if (!command) return;
      delivered.add(command);
      await machines.find(({ agent }) => agent.machine === command.machine)?.take(command);
    };
    const beat = (which: readonly JournalAgent[]) => async (): Promise<void> => {
      for (const { agent, executing } of which) await agent.heartbeat(...(executing ? [executing] : []));
    };
    const move = async (): Promise<void> => {
      const machine = pick(agents)?.machine ?? '';
      const target = random() < 0.5 ? group : machine;
      if ((await rig.instances.stateOf(`move-${machine}`)) === 'open') return;
      await rig.start('move-machine', { machine, target, actor: 'ann' }, `move-${machine}`);
    };
    const control = async (): Promise<void> => {
      const run = pick(runs);
      const kind = pick(['pause', 'resume'] as const);
      if (run && kind) await rig.instances.raise(run, 'inbox', { kind, by: 'ann' });
      await rig.idle();
    };

    const steps: (() => Promise<unknown>)[] = [
      async () => {
        const connection = pick(CONNECTIONS);
        const priority = pick(['high', 'normal', 'low'] as const);
        if (runs.length < 8 && connection && priority) {
          runs.push(await startDesktopRun(rig, runs.length + 1, desktopRunInput({ connection, priority })));
        }
      },
      () => deliver(undelivered()[0]),
      () => deliver(undelivered()[0]),
      () => deliver(pick(undelivered())),
      () => deliver(pick(rig.ports.sent)),
      async () => pick(machines)?.finish(random() < 0.7 ? 'Succeeded' : 'Failed'),
      async () => {
        const again = pick(said);
        if (again) await rig.invoke('receive-agent-events', again.envelope);
      },
      () => rig.advance(pick([SECOND, 20 * SECOND, MINUTE, 10 * MINUTE]) ?? 0),
      () => rig.live(2 * MINUTE, beat(machines)),
      // One of them is away.
      () => rig.live(3 * MINUTE, beat(machines.slice(random() < 0.5 ? 0 : 1).slice(0, 1))),
      async () => {
        const run = pick(runs);
        if (run && random() < 0.3) await cancel(rig, run);
      },
      async () => void (losing = random() < 0.5 ? 0 : 0.3),
      move,
      move,
      control,
      control,
      () => gateway(random() < 0.5 ? 0 : 1, random() < 0.5),
      () => api(rig, 'PUT', 'gateway-clusters/east', { runOnAll: random() < 0.5 }),
      () => api(rig, 'PUT', 'capacity', { bots: pick([null, 1, 2, 0]) }),
    ];
    const forgetting = Number(process.env['FORGET'] ?? (seed % 2 === 0 ? 0.05 : 0));
    forgetSometimes(rig, random, forgetting);
    for (let n = 0; n < 60; n += 1) await pick(steps)?.();
    rig.forgets = undefined;

    losing = 0;
    for (const index of [0, 1]) await gateway(index, true);
    await api(rig, 'PUT', 'capacity', { bots: null });
    for (let n = 0; n < 30; n += 1) {
      for (const command of undelivered()) await deliver(command);
      for (const machine of machines) {
        await machine.finish();
        await machine.repeat();
      }
      await rig.live(2 * MINUTE, beat(machines));
    }
    await rig.live(4 * HOUR, beat(machines));

    for (const run of runs) {
      const { status, output } = await desktopRun(rig, run);
      expect({ run, status }).toEqual({ run, status: 'Completed' });
      if (output.state === 'Succeeded')
        expect(machines.flatMap(({ executions }) => executions)).toContain(run);
    }
    const executions = machines.flatMap((machine) => machine.executions);
    expect(new Set(executions).size).toBe(executions.length);
    for (const { machine, commands } of agents.map((agent) => ({
      machine: agent.machine,
      commands: agent.commands('offer'),
    }))) {
      const fences = new Map(commands.map(({ run, fence }) => [textOf(fence), run]));
      // Offers are sent again, but never one fence to two runs.
      for (const { run, fence } of commands) expect(fences.get(textOf(fence))).toBe(run);
      const queues = await Promise.all([group, machine].map((queue) => rig.queue(queue)));
      const there = queues.flatMap((queue) => queue.machines.filter((known) => known.machine === machine));
      expect(there).toMatchObject([{ detaching: false }]);
    }
    for (const queue of [group, ...agents.map(({ machine }) => machine)]) {
      const { grants, entries, outbox, bots } = await rig.queue(queue);
      expect({ queue, grants, entries, outbox, held: bots.held }).toEqual({
        queue,
        grants: [],
        entries: [],
        outbox: [],
        held: 0,
      });
    }
  },
  120_000,
);

function textOf({ epoch, n }: Fence): string {
  return `${epoch}.${n}`;
}
