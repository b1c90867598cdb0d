import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import {
  desktopRun,
  desktopRunInput,
  HOUR,
  MINUTE,
  publishDesktopFlow,
  SECOND,
  startDesktopRun,
  story,
} from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agents: TestAgent[];
beforeEach(async () => {
  rig = startApp();
  await publishDesktopFlow(rig);
  await api(rig, 'PUT', 'gateway-clusters/east', {});
  agents = [];
  for (const number of [1, 2, 3]) {
    const agent = await TestAgent.register(rig, number);
    agents.push(agent);
    await agent.hello();
    await gateway(number, {});
  }
  await api(rig, 'PUT', 'connections/east', { target: { kind: 'cluster', name: 'east' } });
});
afterEach(() => rig.close());

const at = (index: number): TestAgent => agents[index] as TestAgent;
const gateway = (number: number, more: object) =>
  api(rig, 'PUT', `gateways/gateway-${number}`, {
    machine: at(number - 1).machine,
    cluster: 'east',
    ...more,
  });
const overCluster = desktopRunInput({ connection: 'east' });
const offers = (): number[] => agents.map((agent) => agent.commands('offer').length);

/** Random numbers as the test gives them. */
function draws(...values: number[]): void {
  jest.spyOn(Math, 'random').mockImplementation(() => values.shift() ?? 0);
}
afterEach(() => jest.restoreAllMocks());

test('B5: a gateway is a name for a machine; its runs stand in the one queue of the device', async () => {
  await api(rig, 'PUT', 'connections/desk', { target: { kind: 'gateway', name: 'gateway-1' } });
  await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
  const run = await startDesktopRun(rig, 2, desktopRunInput({ connection: 'desk' }));
  const { body } = await api(rig, 'GET', `machines/${at(0).machine}/queue`);
  expect(body['waiting']).toMatchObject([{ run, reason: { why: 'machineBusy' } }]);
  expect((await api(rig, 'GET', 'gateways/gateway-1')).body).toMatchObject({
    machine: at(0).machine,
    online: true,
  });
});

test('B6: the default is a random member for each run', async () => {
  draws(0.99, 0.34, 0);
  for (const number of [1, 2, 3]) await startDesktopRun(rig, number, overCluster);
  expect(offers()).toEqual([1, 1, 1]);
  expect(at(2).offered().run).toMatch(/01-1$/);
  expect(at(1).offered().run).toMatch(/02-1$/);
});

test('B7: run on all gateways: spread evenly, the difference between two members is one run at most; the toggle counts from the next run', async () => {
  draws(0, 0);
  await startDesktopRun(rig, 1, overCluster);
  await startDesktopRun(rig, 2, overCluster);
  await api(rig, 'PUT', 'gateway-clusters/east', { runOnAll: true });
  const counts = new Map<string | undefined, number>();
  for (let number = 3; number < 33; number += 1) {
    const run = await startDesktopRun(rig, number, overCluster);
    const member = rig.ports.rows.get(run)?.gateway;
    counts.set(member, (counts.get(member) ?? 0) + 1);
    const all = ['gateway-1', 'gateway-2', 'gateway-3'].map((name) => counts.get(name) ?? 0);
    expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
  }
});

test('B7: also while a member is disabled, and for the others after it is back', async () => {
  await api(rig, 'PUT', 'gateway-clusters/east', { runOnAll: true });
  await gateway(2, { enabled: false });
  for (let number = 1; number <= 6; number += 1) await startDesktopRun(rig, number, overCluster);
  const drawn = () => [...rig.ports.rows.values()].map((row) => row.gateway);
  expect(drawn().filter((name) => name === 'gateway-2')).toEqual([]);
  await gateway(2, {});
  for (let number = 7; number <= 12; number += 1) await startDesktopRun(rig, number, overCluster);
  const late = drawn().slice(6);
  expect(late.filter((name) => name === 'gateway-1')).toHaveLength(2);
  expect(late.filter((name) => name === 'gateway-2')).toHaveLength(2);
});

test('B8: an offline member is not drawn while another is online, and the cluster warns of it', async () => {
  await rig.live(3 * MINUTE, async () => {
    await at(1).heartbeat();
    await at(2).heartbeat();
  });
  draws(0, 0, 0);
  await startDesktopRun(rig, 1, overCluster);
  expect(offers()).toEqual([0, 1, 0]);
  const { body } = await api(rig, 'GET', 'gateway-clusters/east');
  expect(body['warnings']).toEqual([
    'Gateway gateway-1 is offline: it gets no runs until it is back; disable or remove it if it stays away.',
  ]);
  expect(body['members']).toMatchObject([{ online: false }, { online: true }, { online: true }]);
});

test('B6: a run whose drawn member goes offline before it starts is drawn again and keeps its request time', async () => {
  await startDesktopRun(rig, 1, desktopRunInput({ connection: 'machine-1' }));
  const grant = await at(0).startRun();
  draws(0, 0);
  const run = await startDesktopRun(rig, 2, overCluster);
  const requestedMs = rig.clock.now();
  expect((await rig.queue(at(0).machine)).entries).toMatchObject([{ run }]);
  await rig.live(4 * MINUTE, () => at(1).heartbeat());
  expect(at(1).offered().run).toBe(run);
  expect(await story(rig, run)).toContain('another gateway drawn');
  expect((await rig.queue(at(0).machine)).entries).toEqual([]);
  const [held] = (await rig.queue(at(1).machine)).grants;
  expect(held?.entry).toMatchObject({ requestedMs, deadlineMs: requestedMs + 3 * HOUR });
  await at(1).succeed(await at(1).startRun());
  expect((await desktopRun(rig, run)).output.state).toBe('Succeeded');
  expect(grant.run).toMatch(/01-1$/);
});

test('B6: the same when it is disabled or removed; a run that has started stays', async () => {
  draws(0, 0, 0, 0);
  const started = await startDesktopRun(rig, 1, overCluster);
  await at(0).startRun();
  const waiting = await startDesktopRun(rig, 2, overCluster);
  await gateway(1, { enabled: false });
  expect(at(1).offered().run).toBe(waiting);
  expect((await desktopRun(rig, started)).customStatus.state).toBe('Running');
  const third = await startDesktopRun(rig, 3, overCluster);
  await api(rig, 'DELETE', 'gateways/gateway-2');
  expect(at(2).offered().run).toBe(third);
});

test('B6, H2: all members offline: the run waits, and goes to the first that is back', async () => {
  await rig.live(3 * MINUTE);
  draws(0, 0);
  const run = await startDesktopRun(rig, 1, overCluster);
  await rig.live(10 * MINUTE);
  expect(offers()).toEqual([0, 0, 0]);
  await at(2).heartbeat();
  await rig.live(MINUTE, () => at(2).heartbeat());
  expect(at(2).offered().run).toBe(run);
});

test('B6: an offer that a lost member does not accept ends at another member', async () => {
  draws(0, 0);
  const run = await startDesktopRun(rig, 1, overCluster);
  expect(at(0).offered().run).toBe(run);
  await rig.live(5 * MINUTE, () => at(1).heartbeat());
  await rig.advance(SECOND);
  expect(at(1).offered().run).toBe(run);
});

describe('B4: accounts', () => {
  const put = (name: string, user: string | undefined) =>
    api(rig, 'PUT', `connections/${name}`, { target: { kind: 'gateway', name: 'gateway-1' }, user });
  beforeEach(() => gateway(1, { account: 'ann@contoso.com' }));

  test('the account of the gateway and that of the connection must be the same', async () => {
    const wrong = await put('wrong', 'bob@contoso.com');
    expect(wrong.body).toMatchObject({
      status: 401,
      code: 'WindowsIdentityIncorrect',
      detail: 'The gateway gateway-1 was registered by ann@contoso.com; the connection uses bob@contoso.com.',
    });
    expect((await put('none', undefined)).body['code']).toBe('WindowsIdentityIncorrect');
    expect((await put('right', 'Ann@Contoso.com')).status).toBe(200);
  });

  test('checked again when a run starts: the gateway may have changed hands', async () => {
    await put('desk', 'ann@contoso.com');
    await gateway(1, { account: 'carl@contoso.com' });
    const run = await startDesktopRun(rig, 1, desktopRunInput({ connection: 'desk' }));
    expect((await desktopRun(rig, run)).output).toMatchObject({
      state: 'Failed',
      error: { code: 'WindowsIdentityIncorrect' },
    });
  });

  describe('who is signed in on the machine', () => {
    const session = (user: string, more = {}) => ({ user, userKey: user, state: 'active' as const, ...more });
    const attended = (more = {}) => desktopRunInput({ connection: 'desk', mode: 'attended', ...more });
    const result = async (run: string) => (await desktopRun(rig, run)).output;
    beforeEach(() => put('desk', 'ann@contoso.com'));

    test('somebody else: an attended run is refused at once, by name', async () => {
      await at(0).hello({ os: 'windows11', sessions: [session('bob@contoso.com')] });
      expect(await result(await startDesktopRun(rig, 1, attended()))).toMatchObject({
        state: 'Failed',
        error: {
          code: 'WindowsIdentityIncorrect',
          details:
            'The gateway gateway-1 was registered by ann@contoso.com; signed in on its machine: bob@contoso.com.',
        },
      });
    });

    test('the same, nobody, or a name of another authority: the machine decides', async () => {
      const names = [[session('ann@contoso.com')], [], [session('contoso\\ann')]];
      for (const [index, sessions] of names.entries()) {
        await at(0).hello({ os: 'server2022', rds: true, maxSessions: 3, sessions });
        const run = await startDesktopRun(rig, index + 1, attended());
        expect(at(0).offered().run).toBe(run);
        const grant = await at(0).startRun();
        const go = at(0).commands('go').at(-1);
        // Nobody: E1. Somebody else, as the machine knows them: B4.
        expect(go?.sessionPlan?.cases.none).toEqual(['AttendedUserNotLoggedIn', 'WindowsIdentityIncorrect']);
        await at(0).succeed(grant);
      }
    });

    test('a run that may wait waits until the right person is signed in; an unattended one signs in by itself', async () => {
      await at(0).hello({ os: 'windows11', sessions: [session('bob@contoso.com')] });
      const waiting = await startDesktopRun(rig, 1, attended({ whenSessionBlocked: 'wait' }));
      expect(await result(waiting)).toBeUndefined();
      await at(0).hello({ os: 'windows11', sessions: [session('ann@contoso.com')] });
      expect(at(0).offered().run).toBe(waiting);
      await at(0).succeed(await at(0).startRun());
      await at(0).hello({
        os: 'server2022',
        rds: true,
        maxSessions: 3,
        sessions: [session('bob@contoso.com')],
      });
      const unattended = await startDesktopRun(rig, 2, attended({ mode: 'unattended' }));
      expect(at(0).offered().run).toBe(unattended);
      await at(0).startRun();
      expect(at(0).commands('go').at(-1)?.sessionPlan?.cases.none).toEqual(['create', 'create']);
    });

    test('without a gateway it is row E1', async () => {
      await api(rig, 'PUT', 'connections/desk', {
        target: { kind: 'machine', id: at(0).machine },
        user: 'ann@contoso.com',
      });
      await at(0).hello({ os: 'windows11', sessions: [session('bob@contoso.com')] });
      await startDesktopRun(rig, 1, attended());
      await at(0).startRun();
      expect(at(0).commands('go').at(-1)?.sessionPlan?.cases.none).toEqual([
        'AttendedUserNotLoggedIn',
        'AttendedUserNotLoggedIn',
      ]);
    });
  });

  test.each(['ann@contoso.com', 'CONTOSO\\ann', '.\\ann', 'PC-7\\ann', 'ann', 'Ann Lee'])(
    '%s is allowed',
    async (user) => {
      const answer = await api(rig, 'PUT', 'connections/any', {
        target: { kind: 'machine', id: at(0).machine },
        user,
      });
      expect(answer.status).toBe(200);
    },
  );

  test.each(['ann@outlook.com', 'a\\b\\c', 'a/b', '@', 'x@y@z', ' '])('"%s" is refused', async (user) => {
    const answer = await api(rig, 'PUT', 'connections/any', {
      target: { kind: 'machine', id: at(0).machine },
      user,
    });
    expect(answer.body['code']).toBe('AccountNotAllowed');
  });
});

test('B5: what does not exist is refused by name, at the connection and at the run', async () => {
  const target = (given: object) => api(rig, 'PUT', 'connections/x', { target: given });
  expect((await target({ kind: 'gateway', name: 'none' })).body['code']).toBe('GatewayNotFound');
  expect((await target({ kind: 'cluster', name: 'none' })).body['code']).toBe('ClusterNotFound');
  expect((await target({ kind: 'group', id: `g-${'0'.repeat(26)}` })).body['code']).toBe('GroupNotFound');
  expect((await gateway(1, { cluster: 'none' })).body['code']).toBe('ClusterNotFound');
  await api(rig, 'DELETE', 'gateway-clusters/east');
  const run = await startDesktopRun(rig, 1, overCluster);
  expect((await desktopRun(rig, run)).output.error?.code).toBe('EndpointDoNotExist');
});

test('B8: a cluster without an enabled member: OnPremiseDataGatewayNotAvailable', async () => {
  for (const number of [1, 2, 3]) await gateway(number, { enabled: false });
  const run = await startDesktopRun(rig, 1, overCluster);
  expect((await desktopRun(rig, run)).output.error?.code).toBe('OnPremiseDataGatewayNotAvailable');
  expect((await api(rig, 'GET', 'gateway-clusters')).body['clusters']).toMatchObject([
    { warnings: ['The cluster has no enabled member: its runs fail.'] },
  ]);
});
