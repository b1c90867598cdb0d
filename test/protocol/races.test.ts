import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { JournalAgent } from '../support/journal-agent';
import { api } from '../support/rig-api';
import {
  desktopRun,
  desktopRunInput,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
  story,
} from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let first: TestAgent;
let second: TestAgent;
beforeEach(async () => {
  rig = startApp();
  await publishDesktopFlow(rig);
  first = await TestAgent.register(rig, 1);
  second = await TestAgent.register(rig, 2);
  for (const agent of [first, second]) await agent.hello({ multipleSessionsPerUser: false });
});
afterEach(() => rig.close());

const on = (machine: 1 | 2) => desktopRunInput({ connection: `machine-${machine}` });
const beat = async () => {
  await first.heartbeat();
  await second.heartbeat();
};
async function newGroup(name: string): Promise<string> {
  return String((await api(rig, 'POST', 'machine-groups', { name })).body['id']);
}
/** Agents that obey what they are sent, and end what they execute only when `finish` says so. */
class Reacting {
  private readonly machines = [first, second].map((agent) => new JournalAgent(agent));
  private taken = 0;

  async react(): Promise<void> {
    for (; this.taken < rig.ports.sent.length; this.taken += 1) {
      const command = rig.ports.sent[this.taken];
      const machine = this.machines.find(({ agent }) => agent.machine === command?.machine);
      if (command && machine) await machine.take(command);
    }
  }

  readonly beat = async (): Promise<void> => {
    await this.react();
    for (const { agent, executing } of this.machines)
      await agent.heartbeat(...(executing === undefined ? [] : [executing]));
  };

  get executing(): string[] {
    return this.machines.flatMap(({ executing }) => (executing === undefined ? [] : [executing]));
  }

  get executions(): string[] {
    return this.machines.flatMap(({ executions }) => executions);
  }

  async finish(): Promise<void> {
    for (const machine of this.machines) await machine.finish();
    await this.react();
  }
}
/** The queues that think they have the machine. */
async function homes(queues: string[], machine: string): Promise<string[]> {
  const found: string[] = [];
  for (const queue of queues) {
    const state = await rig.queue(queue).catch(() => undefined);
    if (state?.machines.some((known) => known.machine === machine)) found.push(queue);
  }
  return found;
}

describe('L4: two groups claim one machine', () => {
  test.each(['free', 'busy'])(
    '%s: one gets it, the other is refused by name; nothing is lost',
    async (how) => {
      const groups = [await newGroup('North'), await newGroup('South')];
      const { machine } = first;
      const running = how === 'busy' ? await startDesktopRun(rig, 1, on(1)) : undefined;
      const grant = running ? await first.startRun() : undefined;
      const waiting = running ? await startDesktopRun(rig, 2, on(1)) : undefined;
      const claims = Promise.all(
        groups.map((group) => api(rig, 'PUT', `machine-groups/${group}/machines/${machine}`)),
      );
      if (grant) await first.succeed(grant);
      await rig.live(MINUTE, beat);
      const answers = await claims;
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
      expect(answers.find(({ status }) => status >= 300)?.body).toMatchObject({
        status: 409,
        code: 'MachineIsMoving',
      });
      const winner = groups[answers.findIndex(({ status }) => status < 300)] ?? '';
      expect(await homes([...groups, machine], machine)).toEqual([winner]);
      if (waiting) {
        expect(first.offered().run).toBe(waiting);
        await first.succeed(await first.startRun());
        expect((await desktopRun(rig, waiting)).output.state).toBe('Succeeded');
      }
    },
    30_000,
  );
});

describe('L4: a move is broken off after any of its episodes', () => {
  const CASES = ['join', 'leave', 'delete'] as const;
  test.each(CASES.flatMap((what) => Array.from({ length: 14 }, (_, i) => [what, i + 1] as const)))(
    '%s, after episode %i: the machine is in one queue, its runs end once',
    async (what, episode) => {
      const { machine } = first;
      const group = await newGroup('North');
      const instance = `move-${machine}`;
      const move = (target: string) => rig.start('move-machine', { machine, target, actor: 'ann' }, instance);
      if (what === 'leave') await move(group);
      const agents = new Reacting();
      const runs = [await startDesktopRun(rig, 1, on(1)), await startDesktopRun(rig, 2, on(1))];
      await agents.react();
      expect(agents.executing).toEqual(runs.slice(0, 1));
      let left = episode;
      rig.onEpisode = (of) => {
        if (of !== instance) return;
        left -= 1;
        if (left === 0) void rig.engine.terminate(instance, 'test');
      };
      if (what === 'delete') await api(rig, 'DELETE', `machines/${machine}`);
      else await move(what === 'join' ? group : machine);
      await agents.react();
      if (what !== 'delete') await agents.finish();
      await rig.live(5 * MINUTE, agents.beat);
      const target = { join: [group], leave: [machine], delete: [] }[what];
      const home = await homes([group, machine], machine);
      // A move whose wish was not written down yet has never been; then the machine is where it was.
      const before = what === 'join' ? [machine] : [group];
      expect([target, before]).toContainEqual(home);
      if (what === 'delete') expect(home).toEqual([]);
      if (what === 'delete') {
        for (const run of runs) expect((await desktopRun(rig, run)).output.state).toBe('Failed');
        return;
      }
      await agents.finish();
      await rig.live(2 * MINUTE, agents.beat);
      expect((await rig.ports.machines.get(machine))?.movingTo ?? '').toBe('');
      expect(await homes([group, machine], machine)).toHaveLength(1);
      for (const run of runs) expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
      expect(agents.executions).toEqual(runs);
    },
    30_000,
  );
});

describe('H1, L4: a bot is returned while another is wanted', () => {
  test.each([0, 1, 2, 3, 4, 5])(
    'order %i: never more than there are, none is lost, every run gets one',
    async (order) => {
      await api(rig, 'PUT', 'capacity', { bots: 1 });
      const agents = new Reacting();
      const runs = [await startDesktopRun(rig, 1, on(1))];
      await agents.react();
      const steps = [
        () => agents.finish(),
        async () => void runs.push(await startDesktopRun(rig, 2, on(2))),
        async () => void runs.push(await startDesktopRun(rig, 3, on(1))),
      ];
      const rest = [0, 1, 2].filter((step) => step !== order % 3);
      const sequence = [order % 3, ...(order < 3 ? rest : rest.toReversed())];
      await Promise.all(sequence.map(async (step) => steps[step]?.()));
      await rig.idle();
      for (let ended = 1; ended < 3; ended += 1) {
        await agents.react();
        expect(agents.executing).toHaveLength(1);
        expect((await api(rig, 'GET', 'capacity')).body).toMatchObject({ lent: 1 });
        await agents.finish();
      }
      expect(agents.executions).toHaveLength(3);
      for (const run of runs) expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
      expect((await api(rig, 'GET', 'capacity')).body).toMatchObject({ lent: 0, wanted: 0 });
    },
  );
});

test('L4: an owner that was terminated from outside while its agent is online: the machine is free within two minutes', async () => {
  const agents = new Reacting();
  const run = await startDesktopRun(rig, 1, on(1));
  await agents.react();
  const next = await startDesktopRun(rig, 2, on(1));
  expect(agents.executing).toEqual([run]);
  await rig.engine.terminate(run, 'from outside');
  await rig.idle();
  await rig.live(2 * MINUTE, agents.beat);
  expect(agents.executing).toEqual([next]);
});

test('H2, L4: offline against accepted: a machine that is called offline in the moment when it accepts executes the run', async () => {
  const run = await startDesktopRun(rig, 1, on(1));
  const row = await rig.ports.presence.get(first.machine);
  await rig.advance(30 * SECOND);
  await Promise.all([
    rig.ports.presence.markOffline(first.machine, row?.seq ?? 0).then(() => rig.tick('watch-machines')),
    first.accept(),
  ]);
  await rig.live(2 * MINUTE, beat);
  expect(first.commands('go').map((go) => go.run)).toEqual([run]);
  expect(await story(rig, run)).not.toContain('returned to queue');
  await first.succeed(first.offered());
  expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
});
