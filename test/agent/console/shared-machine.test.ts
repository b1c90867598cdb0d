import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { consoleFolder } from '../../../agent/console/folders';
import type { ConsoleUsers } from '../../../agent/console/users';
import { ownSession } from '../../../agent/session/own';
import type { HeldSession } from '../../../contracts/console';
import { ConsoleFixture, endless } from '../../support/agent/console-fixture';
import { newRunId } from '../../support/agent/fake-control-plane';

/** Everybody has an account here but carl. */
const users: ConsoleUsers = {
  userOf: async (name) => (['ann', 'bob', 'root'].includes(name) ? { name } : undefined),
  ownerOf: async (user) => user?.replace('DESK\\', '') ?? 'root',
};

interface Answer {
  status: number;
  json: Record<string, unknown>;
}

/** Row K3 on a machine that people share: who sees whose runs, and who may stop them. */
describe('a machine that people share', () => {
  let fixture: ConsoleFixture;
  let port: number;
  let hash: string;
  let held: HeldSession[];
  const ended: string[] = [];
  const folder = (): string => consoleFolder(fixture.dataDir, 'own');

  beforeEach(async () => {
    fixture = new ConsoleFixture();
    held = [
      {
        id: 'a1',
        user: 'ann',
        display: ':100',
        state: 'used',
        run: newRunId(),
        since: '2026-01-01T00:00:00.000Z',
      },
      { id: 'b1', user: 'bob', display: ':101', state: 'kept', since: '2026-01-01T00:00:00.000Z' },
    ];
    ended.length = 0;
    await fixture.register();
    hash = await fixture.publish('endless', endless);
    const session = {
      ...ownSession({ maxSessions: 4, resolve: async () => process.getuid?.() }),
      held: () => held,
      endHeld: async (id: string, why: string) => {
        ended.push(`${id}: ${why}`);
        held = held.filter((one) => one.id !== id);
        return true;
      },
    };
    const agent = await fixture.startWithConsole({ users, administrator: 'root' }, { session });
    port = agent.consolePort ?? 0;
    await fixture.until(() => agent.status().state === 'connected');
  });
  afterEach(() => fixture.end());

  async function ask(
    method: string,
    route: string,
    options: { token?: string; body?: unknown; headers?: object } = {},
  ): Promise<Answer> {
    const { token, body, headers } = options;
    const response = await fetch(`http://127.0.0.1:${port}/api/${route}`, {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? {} : (JSON.parse(text) as Answer['json']) };
  }

  /** The token that the agent has put where only this user can read it. */
  async function tokenOf(user: string): Promise<string> {
    expect((await ask('POST', 'knock', { body: { user } })).status).toBe(204);
    const file = path.join(folder(), `${user}.token`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    return readFileSync(file, 'utf8');
  }

  /** Ann starts a run at the machine, and it executes. */
  async function runOf(token: string): Promise<string> {
    const started = await ask('POST', 'runs', { token, body: { flow: 'endless', inputs: {} } });
    const run = String(started.json['run']);
    await fixture.grant(run);
    for (const end = performance.now() + 20_000; (await state(token, run)) !== 'Running';) {
      if (performance.now() > end) throw new Error('The run does not begin.');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return run;
  }

  async function state(token: string, run: string): Promise<string | undefined> {
    const { json } = await ask('GET', 'state', { token });
    return (json['runs'] as { run: string; state: string }[]).find((known) => known.run === run)?.state;
  }

  it('K3: everybody sees the own runs only, the administrator included', async () => {
    const [ann, bob, root] = await Promise.all(['ann', 'bob', 'root'].map(tokenOf));
    const run = await runOf(ann ?? '');
    expect((await ask('GET', 'state', { token: ann ?? '' })).json).toMatchObject({
      user: 'ann',
      runs: [{ run }],
    });
    for (const token of [bob, root])
      expect((await ask('GET', 'state', { token: token ?? '' })).json['runs']).toEqual([]);
    // An announced run of the portal is shown to the person in whose session it executes (row E2).
    const other = newRunId();
    await fixture.agent?.control(run, { what: 'kill', by: 'ann' });
    await fixture.until(() => fixture.agent?.runs().length === 0);
    await fixture.go(other, hash, { notice: 'banner' }, { name: 'endless', user: 'DESK\\bob' });
    await fixture.broker.event(other, 'progress');
    expect(await state(bob ?? '', other)).toBe('Running');
    expect(await state(ann ?? '', other)).toBeUndefined();
  });

  it.each(['pause', 'resume', 'stop'])('K3: nobody can %s the run of somebody else', async (what) => {
    const [ann, bob] = [await tokenOf('ann'), await tokenOf('bob')];
    const run = await runOf(ann);
    const answer = await ask('POST', `runs/${run}`, { token: bob, body: { what } });
    expect([answer.status, answer.json['code']]).toEqual([404, 'RunNotFound']);
    expect(await state(ann, run)).toBe('Running');
    expect(fixture.agent?.runs()).toEqual([run]);
  });

  it('K3: events of a run reach the page of its person only', async () => {
    const [ann, bob] = [await tokenOf('ann'), await tokenOf('bob')];
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/api/events`, {
      headers: { authorization: `Bearer ${bob}` },
      signal: stop.signal,
    });
    const reader = response.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString('utf8');
    await runOf(ann);
    // Bob's own change comes next, with nothing of Ann's before it.
    await ask('PUT', 'notifications', { token: bob, body: { mode: 'off' } });
    const second = Buffer.from((await reader?.read())?.value ?? []).toString('utf8');
    stop.abort();
    expect([first, second].map((text) => /"mode":"(\w+)","runs":\[\]/.exec(text)?.[1])).toEqual([
      'notifications',
      'off',
    ]);
  });

  it('K3: who is no user of the machine gets no token; without one nothing is told', async () => {
    const knock = await ask('POST', 'knock', { body: { user: 'carl' } });
    expect([knock.status, knock.json['code']]).toEqual([403, 'Forbidden']);
    for (const token of [undefined, 'guessed'])
      for (const route of ['state', 'flows', 'events', 'sessions'])
        expect((await ask('GET', route, token === undefined ? {} : { token })).status).toBe(401);
  });

  it('K3: whoever knocks again and again in the name of another shuts nobody out', async () => {
    const ann = await tokenOf('ann');
    const { ticket } = (await ask('POST', 'tickets', { token: ann })).json;
    const page = String((await ask('POST', 'session', { body: { ticket } })).json['token']);
    for (let n = 0; n < 25; n++) await ask('POST', 'knock', { body: { user: 'ann' } });
    for (const token of [ann, page]) expect((await ask('GET', 'state', { token })).status).toBe(200);
  });

  it('K3: an address for a browser is good once, for whom it was made', async () => {
    const ann = await tokenOf('ann');
    const { ticket } = (await ask('POST', 'tickets', { token: ann })).json;
    const session = await ask('POST', 'session', { body: { ticket } });
    const own = await ask('GET', 'state', { token: String(session.json['token']) });
    expect(own.json).toMatchObject({ user: 'ann' });
    expect((await ask('POST', 'session', { body: { ticket } })).status).toBe(401);
  });

  it('K3: pages of others cannot ask, by whatever name they call the machine', async () => {
    const token = await tokenOf('ann');
    const origin = await ask('GET', 'state', { token, headers: { origin: 'http://evil.example' } });
    expect([origin.status, origin.json['code']]).toEqual([403, 'Forbidden']);
    const neighbour = await ask('GET', 'state', { token, headers: { origin: 'http://127.0.0.1:1' } });
    expect(neighbour.status).toBe(403);
  });

  it('D2: sessions are seen and ended by whose they are, and by the administrator', async () => {
    const [ann, bob, root] = [await tokenOf('ann'), await tokenOf('bob'), await tokenOf('root')];
    const ids = async (token: string): Promise<unknown> =>
      ((await ask('GET', 'sessions', { token })).json['sessions'] as HeldSession[]).map(({ id }) => id);
    expect([await ids(ann), await ids(bob), await ids(root)]).toEqual([['a1'], ['b1'], ['a1', 'b1']]);
    const end = (id: string, token: string, force = false) =>
      ask('POST', `sessions/${encodeURIComponent(id)}`, { token, body: { force } });
    expect((await end('a1', bob, true)).json).toMatchObject({ code: 'SessionNotFound' });
    expect((await end('a1', ann)).json).toMatchObject({ status: 409, code: 'RunNotEnded' });
    expect((await end(':100', root, true)).status).toBe(204);
    expect((await end('b1', bob)).status).toBe(204);
    expect(ended).toEqual([
      'a1: root has ended the session at the machine.',
      'b1: bob has ended the session at the machine.',
    ]);
  });
});
