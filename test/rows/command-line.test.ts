import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HttpRequest, InvocationContext, type HttpMethod } from '@azure/functions';
import { runCommandLine } from '../../cli/program';
import { FeedHub } from '../../functions/stream/feed-hub';
import { streamChanges } from '../../functions/stream/stream-changes.http';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api, rigClient } from '../support/rig-api';
import { desktopRun, publishDesktopFlow, startDesktopRun } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
let hub: FeedHub;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
  await agent.hello({ multipleSessionsPerUser: false });
  hub = new FeedHub(rig.ports);
});
afterEach(() => rig.close());

/** The command line over the functions, no network between them. */
const send: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const url = new URL(request.url);
  const query = Object.fromEntries(url.searchParams);
  const path = url.pathname.replace(/^\/api\//, '');
  if (path === 'stream') {
    const asked = new HttpRequest({ method: 'GET', url: request.url, query });
    const { body } = await streamChanges(rig.ports, hub)(asked, rigClient(rig), new InvocationContext());
    return new Response(body as ReadableStream<Uint8Array>);
  }
  const text = await request.text();
  const answer = await api(
    rig,
    request.method as HttpMethod,
    path,
    text === '' ? undefined : JSON.parse(text),
    { query },
  );
  const none = answer.status === 204;
  return new Response(none ? null : new Uint8Array(answer.bytes), {
    status: answer.status,
    headers: answer.headers,
  });
};

async function run(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await runCommandLine(
    {
      environment: { ATTENDANT_URL: 'http://localhost:7071', ATTENDANT_KEY: 'k' },
      cwd: '.',
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
      fetch: send,
      now: () => rig.clock.now(),
      pause: () => Promise.resolve(),
      run: () => Promise.resolve(0),
    },
    args,
  );
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

async function line(): Promise<[string, string, string]> {
  const runs: [string, string, string] = [
    await startDesktopRun(rig, 1),
    await startDesktopRun(rig, 2),
    await startDesktopRun(rig, 3),
  ];
  return runs;
}

test('F4: attendant queue show', async () => {
  const [first, second] = await line();
  const { out } = await run('queue', 'show', agent.machine, '--utc');
  expect(out.split('\n').map((row) => row.trimEnd())).toEqual([
    expect.stringMatching(/^# +RUN +PRIORITY +BY +SINCE +START +WHY$/),
    expect.stringMatching(new RegExp(`^now +${first} +normal +ann +08:00:00Z +08:00:00Z +running$`)),
    expect.stringMatching(new RegExp(`^next +${second} +normal +ann +08:00:00Z$`)),
    `      the machine is busy with ${first}; start unknown: the work before it takes an unknown time`,
    expect.stringMatching(/^2 /),
    expect.stringMatching(/^ {6}behind 01HZ/),
  ]);
});

test('F5, F6: attendant queue priority, top, undo', async () => {
  const [, second, third] = await line();
  const order = async (): Promise<string[]> => {
    const view = JSON.parse((await run('queue', 'show', agent.machine, '--json')).out) as {
      waiting: { run: string }[];
    };
    return view.waiting.map((waiting) => waiting.run);
  };
  expect((await run('queue', 'priority', agent.machine, third, 'high')).exitCode).toBe(0);
  expect(await order()).toEqual([third, second]);
  await run('queue', 'top', agent.machine, second);
  expect(await order()).toEqual([second, third]);
  await run('queue', 'undo', agent.machine, second);
  expect(await order()).toEqual([third, second]);
  const wrong = await run('queue', 'priority', agent.machine, third, 'urgent');
  expect([wrong.exitCode, wrong.err]).toEqual([1, expect.stringContaining('[InvalidBody]')]);
  expect((await run('queue', 'undo', agent.machine, second)).err).toContain('[RunNotOnTop]');
});

test('L4: attendant queue release', async () => {
  const [first] = await line();
  expect((await run('queue', 'release', agent.machine)).exitCode).toBe(2);
  expect((await run('queue', 'release', agent.machine, '--reason', 'hangs')).exitCode).toBe(0);
  await rig.idle();
  expect((await desktopRun(rig, first)).customStatus.timeline.map(({ what }) => what)).toContain(
    'taken away from machine',
  );
});

test('F4: attendant queue watch redraws at every change, until the queue is idle', async () => {
  await startDesktopRun(rig, 1);
  const grant = await agent.startRun();
  const watching = run('queue', 'watch', agent.machine, '--until-idle', '--json');
  await agent.succeed(grant);
  const { exitCode, out } = await watching;
  const views = out.split('\n').map((text) => JSON.parse(text) as { running: unknown[] });
  expect(exitCode).toBe(0);
  expect(views.at(-1)?.running).toEqual([]);
});

test('B1, D3, L10: attendant machines edit, maintenance, delete', async () => {
  expect((await run('machines', 'edit', agent.machine, '--name', 'Desk', '--reuse-session', 'on')).out).toBe(
    'Desk: online.',
  );
  expect((await run('machines', 'edit', agent.machine, '--reuse-session', 'maybe')).exitCode).toBe(2);
  expect((await run('machines', 'maintenance', agent.machine, 'on')).out).toBe('Desk: maintenance.');
  expect((await run('machines', 'delete', agent.machine)).out).toBe(`${agent.machine} is being deleted.`);
  expect((await run('machines', 'show', agent.machine)).err).toContain('[MachineNotFound]');
});

test('B2: attendant groups create, add, edit, remove, delete', async () => {
  const { id } = JSON.parse((await run('groups', 'create', 'Finance', '--json')).out) as { id: string };
  expect((await run('groups', 'add', id, agent.machine)).out).toContain(
    `${agent.machine}  machine-1  online`,
  );
  expect((await run('groups', 'list')).out).toMatch(new RegExp(`${id}  Finance  1 `));
  expect((await run('groups', 'edit', id, '--maintenance', 'on', '--max-machines', '5')).out).toMatch(
    /maintenance +on[\s\S]*1 of at most 5/,
  );
  expect((await run('queue', 'show', id)).out).toBe('Nothing runs and nothing waits.');
  expect((await run('connections', 'set', 'finance', '--group', id)).exitCode).toBe(0);
  expect((await run('connections', 'set', 'finance', '--group', id, '--gateway', 'x')).exitCode).toBe(2);
  expect((await run('groups', 'delete', id)).err).toContain('[GroupNotEmpty]');
  await run('groups', 'remove', id, agent.machine);
  expect((await run('groups', 'delete', id)).out).toBe(`${id} is deleted.`);
});

test('B5, B7, B8: attendant gateways', async () => {
  await run('gateways', 'set-cluster', 'east', '--run-on-all', 'on');
  await run('gateways', 'set', 'desk', '--machine', agent.machine, '--cluster', 'east');
  expect((await run('gateways', 'list')).out).toMatch(/^desk +m-.* +east +online$/m);
  expect((await run('gateways', 'clusters')).out).toBe('east: runs are spread evenly\n  desk  online');
  await run('gateways', 'set', 'desk', '--machine', agent.machine, '--cluster', 'east', '--enabled', 'off');
  expect((await run('gateways', 'clusters')).out).toContain(
    '! The cluster has no enabled member: its runs fail.',
  );
  expect((await run('gateways', 'delete', 'desk')).out).toBe('desk is deleted.');
  expect((await run('gateways', 'delete-cluster', 'east')).out).toBe('east is deleted.');
});

test('H4: attendant planning', async () => {
  expect((await run('planning')).out).toBe('No schedule starts a desktop flow in this time.');
  await rig.ports.flows.put({
    name: 'close-books',
    triggers: {
      hourly: {
        type: 'Recurrence',
        missed: 'skip',
        overlap: 'allow',
        recurrence: { frequency: 'Minute', interval: 30, timeZone: 'UTC' },
      },
    },
    actions: {
      enter: {
        type: 'DesktopFlow',
        inputs: {
          desktopFlow: 'invoices',
          connection: 'machine-1',
          mode: 'unattended',
          inputs: {},
          priority: 'normal',
        },
      },
    },
  });
  const { out } = await run('planning', '--hours', '2', '--utc');
  expect(out.split('\n').map((line) => line.trimEnd())).toEqual([
    'machine-1 (1 machine)',
    'HOUR                  BUSY           FLOWS',
    '2026-01-05 08:00:00Z  0 of 60 min    close-books ×1',
    '2026-01-05 09:00:00Z  0 of 60 min    close-books ×2',
    '',
    'Not (wholly) counted:',
    '  close-books/enter: No run has shown yet how long it takes.',
  ]);
  const wrong = await run('planning', '--hours', '1000');
  expect(wrong.err).toContain('[InvalidQuery]');
});

test('A4: attendant processes', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'attendant-cli-')), 'orders.yaml');
  writeFileSync(
    file,
    'name: orders\nstages:\n  - name: intake\n    steps: [{ name: customer, required: true }]\n  - name: check\n',
  );
  expect((await run('processes', 'put', file)).out).toBe('orders is stored.');
  expect((await run('processes', 'list')).out).toContain('orders   intake → check');
  const begun = await run('processes', 'begin', 'orders', '--title', 'Order 4711', '--json');
  const { id } = JSON.parse(begun.out) as { id: string };
  const refused = await run('processes', 'advance', 'orders', id);
  expect([refused.exitCode, refused.err]).toEqual([1, expect.stringContaining('customer is required')]);
  expect((await run('processes', 'set', 'orders', id, '{"customer":"Ann"}')).out).toMatch(
    /stage +\[intake\] → check/,
  );
  expect((await run('processes', 'advance', 'orders', id, '--reason', 'complete')).out).toContain(
    'owner advanced (check): complete',
  );
  expect((await run('processes', 'back', 'orders', id)).out).toContain('[intake]');
  expect((await run('processes', 'abandon', 'orders', id)).out).toMatch(/state +abandoned/);
  expect((await run('processes', 'cases', 'orders', '--state', 'abandoned')).out).toContain('Order 4711');
  expect((await run('processes', 'delete', 'orders')).out).toBe('orders is deleted.');
  rmSync(dirname(file), { recursive: true });
});

test('H1: attendant capacity', async () => {
  expect((await run('capacity', 'show')).out).toContain('bots    unlimited');
  expect((await run('capacity', 'set', '5')).out).toMatch(/bots +5/);
  const wrong = await run('capacity', 'set', 'plenty');
  expect([wrong.exitCode, wrong.err]).toEqual([2, '"plenty" is neither a whole number nor unlimited.']);
  expect((await run('capacity', 'set', 'unlimited')).out).toContain('unlimited');
});
