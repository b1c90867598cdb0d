import type { QueueView } from '../../contracts/api-machines';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { desktopRun, desktopRunInput, publishDesktopFlow, SECOND, startDesktopRun } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
  for (const user of ['ann', 'bob', 'carl', 'dora']) {
    await api(rig, 'PUT', `connections/${user}`, {
      target: { kind: 'machine', id: agent.machine },
      user: `CONTOSO\\${user}`,
    });
  }
});
afterEach(() => rig.close());

const server = (more = {}) =>
  agent.hello({ os: 'server2022', maxSessions: 3, rds: true, multipleSessionsPerUser: false, ...more });
const as = (user: string, more = {}) => desktopRunInput({ connection: user, ...more });
const offered = (): string[] => agent.commands('offer').map(({ run }) => run);
async function waiting(): Promise<QueueView['waiting']> {
  const { body } = await api(rig, 'GET', `machines/${agent.machine}/queue`);
  return (body as unknown as QueueView).waiting;
}

test('G1, G4: on a server several users run side by side up to its maximum, the next waits', async () => {
  await server();
  const runs = [
    await startDesktopRun(rig, 1, as('ann')),
    await startDesktopRun(rig, 2, as('bob')),
    await startDesktopRun(rig, 3, as('carl')),
  ];
  const fourth = await startDesktopRun(rig, 4, as('dora'));
  expect(offered()).toEqual(runs);
  expect(await waiting()).toMatchObject([{ run: fourth, next: true, reason: { why: 'machineBusy' } }]);
});

test('G2: without Remote Desktop Services two sessions at most, those of people counted', async () => {
  await server({
    rds: false,
    maxSessions: 2,
    sessions: [{ user: 'admin', userKey: 'contoso\\admin', state: 'active' }],
  });
  const first = await startDesktopRun(rig, 1, as('ann'));
  const second = await startDesktopRun(rig, 2, as('bob'));
  expect(offered()).toEqual([first]);
  expect(await waiting()).toMatchObject([{ run: second }]);
  await server({ rds: false, maxSessions: 2, sessions: [] });
  expect(offered()).toEqual([first, second]);
});

test('G3, F9: a user never runs twice at once on a machine; another behind may pass', async () => {
  await server();
  const first = await startDesktopRun(rig, 1, as('ann'));
  const again = await startDesktopRun(rig, 2, as('ann'));
  const other = await startDesktopRun(rig, 3, as('bob'));
  expect(offered()).toEqual([first, other]);
  expect(await waiting()).toMatchObject([{ run: again, reason: { why: 'userBusy', run: first } }]);
});

test('E3, F3: attended and unattended runs stand in one line, by time requested, one at a time', async () => {
  const sessions = [{ user: 'CONTOSO\\ann', userKey: 'contoso\\ann', state: 'active' as const }];
  await agent.hello({ multipleSessionsPerUser: false, sessions });
  const runs: string[] = [];
  for (const [index, mode] of (['attended', 'unattended', 'attended'] as const).entries()) {
    runs.push(await startDesktopRun(rig, index + 1, as(mode === 'attended' ? 'ann' : 'bob', { mode })));
    await rig.advance(SECOND);
  }
  for (const [index, run] of runs.entries()) {
    expect(offered()).toHaveLength(index + 1);
    const grant = await agent.startRun();
    expect(grant.run).toBe(run);
    await agent.succeed(grant);
  }
});

test('B2: the fifty-first machine is refused', async () => {
  const { body } = await api(rig, 'POST', 'machine-groups', { name: 'Large' });
  const group = String(body['id']);
  for (let number = 10; number < 60; number += 1) {
    const { machine } = await TestAgent.register(rig, number);
    await rig.start('move-machine', { machine, target: group, actor: 'ann' }, `move-${machine}`);
  }
  expect((await rig.queue(group)).machines).toHaveLength(50);
  const answer = await api(rig, 'PUT', `machine-groups/${group}/machines/${agent.machine}`);
  expect(answer.body).toMatchObject({
    code: 'GroupIsFull',
    detail: 'The group has 50 machines and takes no more than 50.',
  });
});

describe('L4: races', () => {
  test('L4, F6: moved to the top while the machine is being released', async () => {
    await agent.hello();
    await startDesktopRun(rig, 1);
    const second = await startDesktopRun(rig, 2);
    const third = await startDesktopRun(rig, 3);
    const grant = await agent.startRun();
    const path = `machines/${agent.machine}/queue/${third}`;
    const [answer] = await Promise.all([api(rig, 'PATCH', path, { position: 'top' }), agent.succeed(grant)]);
    const next = agent.offered().run;
    expect([second, third]).toContain(next);
    expect(answer.status).toBe(200);
    expect((await waiting()).map(({ run }) => run)).toEqual([next === second ? third : second]);
  });

  test('L4, F5: many commands at once on one queue: all are answered, each run is granted once', async () => {
    await agent.hello();
    const runs: string[] = [];
    for (let number = 1; number <= 8; number += 1) runs.push(await startDesktopRun(rig, number));
    const path = (run: string): string => `machines/${agent.machine}/queue/${run}`;
    const answers = await Promise.all(
      runs
        .slice(1)
        .flatMap((run, index) => [
          api(rig, 'PATCH', path(run), { priority: index % 2 === 0 ? 'high' : 'low' }),
          api(rig, 'PATCH', path(run), { position: 'top' }),
        ]),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (let n = 0; n < runs.length; n += 1) await agent.succeed(await agent.startRun());
    expect(offered().sort()).toEqual(runs);
    for (const run of runs) expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  });
});
