import type { ChangesPage } from '../../contracts/changes';
import type { QueueView } from '../../contracts/api-machines';
import { FeedHub } from '../../functions/stream/feed-hub';
import { listChanges } from '../../functions/stream/list-changes.http';
import { streamChanges } from '../../functions/stream/stream-changes.http';
import { HttpRequest, InvocationContext } from '@azure/functions';
import { call } from '../functions/api';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api, rigClient } from '../support/rig-api';
import { publishDesktopFlow, startDesktopRun } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
let hub: FeedHub;
const open: ReadableStreamDefaultReader<Uint8Array>[] = [];

beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
  hub = new FeedHub(rig.ports);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((reader) => reader.cancel()));
  await rig.close();
});

interface Event {
  id?: number;
  name: string;
  data: unknown;
}

/** An open stream: the next event, comments left out. */
async function stream(query: Record<string, string>, headers: Record<string, string> = {}) {
  const request = new HttpRequest({ method: 'GET', url: 'http://localhost/api/stream', query, headers });
  const answer = await streamChanges(rig.ports, hub)(request, rigClient(rig), new InvocationContext());
  if (!(answer.body instanceof ReadableStream))
    return { status: answer.status, next: undefined, close: undefined };
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  open.push(reader);
  const decoder = new TextDecoder();
  let text = '';
  const next = async (): Promise<Event> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field('data');
        const id = field('id');
        if (data !== undefined) {
          return {
            name: field('event') ?? '',
            data: JSON.parse(data),
            ...(id === undefined ? {} : { id: Number(id) }),
          };
        }
        continue;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream has ended');
      text += decoder.decode(value);
    }
  };
  return { status: answer.status, next, close: () => reader.cancel() };
}

async function whatOf(next: (() => Promise<Event>) | undefined, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let n = 0; n < count; n += 1)
    seen.push(((await next?.())?.data as { change: { what: string } } | undefined)?.change.what);
  return seen;
}

test('F4: changes of a queue are pushed as they happen, with the whole queue where it is asked for', async () => {
  await agent.hello();
  const changes = await stream({ queue: agent.machine });
  const queue = await stream({ machine: agent.machine, view: 'queue' });
  expect((await queue.next?.())?.name).toBe('queue');
  const run = await startDesktopRun(rig, 1);
  expect(await whatOf(changes.next, 2)).toEqual(['queued', 'granted']);
  for (;;) {
    const event = await queue.next?.();
    if (event?.name !== 'queue') continue;
    const view = event.data as QueueView;
    if (view.running.length === 0) continue;
    expect(view).toMatchObject({ queue: agent.machine, running: [{ run }] });
    break;
  }
});

test('F4: a reader that was away goes on where it was (Last-Event-ID)', async () => {
  await startDesktopRun(rig, 1);
  const first = await stream({ queue: agent.machine, after: '0' });
  const seen = await first.next?.();
  await first.close?.();
  await startDesktopRun(rig, 2);
  const again = await stream({ queue: agent.machine }, { 'last-event-id': String(seen?.id) });
  expect((await again.next?.())?.id).toBe((seen?.id ?? 0) + 1);
});

test('F4: a stream ends after a while by itself, and whoever has seen no change yet comes back to where it began', async () => {
  rig.ports.settings.streamForMs = 20;
  const request = new HttpRequest({
    method: 'GET',
    url: 'http://localhost/api/stream',
    query: { queue: agent.machine },
  });
  const answer = await streamChanges(rig.ports, hub)(request, rigClient(rig), new InvocationContext());
  const text = await new Response(answer.body as ReadableStream<Uint8Array>).text();
  expect(hub.reading).toBe(0);
  const [, id] = /^id: (\d+)$/m.exec(text) ?? [];
  await startDesktopRun(rig, 1);
  const again = await stream({ queue: agent.machine }, { 'last-event-id': String(id) });
  expect(await whatOf(again.next, 1)).toEqual(['queued']);
});

test('F4: of one run only what is about it', async () => {
  const run = await startDesktopRun(rig, 1);
  await startDesktopRun(rig, 2);
  await rig.ports.runs.record({ run, queue: agent.machine });
  const page = (await call(listChanges(rig.ports, hub), { query: { run } })).body as unknown as ChangesPage;
  expect(page.changes.map(({ change }) => change['run'])).toEqual([run]);
  expect(page.next).toBeGreaterThan(1);
});

test('F4: the long poll answers with what there is, waits for what comes, and comes back empty-handed', async () => {
  const poll = (query: Record<string, string>) =>
    call(listChanges(rig.ports, hub), { query: { queue: agent.machine, ...query } }).then(
      ({ body }) => body as unknown as ChangesPage,
    );
  await startDesktopRun(rig, 1);
  const { next, changes } = await poll({});
  expect(changes.length).toBeGreaterThan(0);
  const waiting = poll({ after: String(next), wait: '25s' });
  await startDesktopRun(rig, 2);
  expect(await waiting).toMatchObject({
    changes: [{ number: next + 1, change: { what: 'queued' } }],
    next: next + 1,
  });
  expect(await poll({ after: String(next + 1), wait: '1' })).toMatchObject({ changes: [], next: next + 1 });
  expect(hub.reading).toBe(0);
});

test.each([
  [{}, 'InvalidQuery'],
  [{ queue: 'nonsense' }, 'InvalidQuery'],
  [{ machine: `m-${'1'.repeat(26)}` }, 'MachineNotFound'],
  [{ queue: `g-${'1'.repeat(26)}` }, 'GroupNotFound'],
  [{ run: '01HZZZZZZZZZZZZZZZZZZZZZ99-1' }, 'RunNotFound'],
  [{ queue: `m-${'1'.repeat(26)}`, run: '01HZZZZZZZZZZZZZZZZZZZZZ99-1' }, 'InvalidQuery'],
])('F4: %j is refused: %s', async (query, code) => {
  expect((await call(listChanges(rig.ports, hub), { query })).body['code']).toBe(code);
});

test('F4: a change that is still on its way is waited for; nothing is shown out of order', async () => {
  const at = { queue: agent.machine, atMs: rig.clock.now() };
  const change = (await rig.queue(agent.machine)).lastChange;
  const changes = await stream({ queue: agent.machine });
  await rig.ports.feed.append([{ ...at, number: change + 2, change: { what: 'second' } }]);
  await rig.ports.feed.append([{ ...at, number: change + 1, change: { what: 'first' } }]);
  expect(await whatOf(changes.next, 2)).toEqual(['first', 'second']);
});

test('F4: five hundred watchers of a queue share one reader, and all are told; none is left behind when they go', async () => {
  await agent.hello();
  const read = jest.spyOn(rig.ports.feed, 'read');
  const streams = await Promise.all(Array.from({ length: 500 }, () => stream({ queue: agent.machine })));
  expect(hub.reading).toBe(1);
  await startDesktopRun(rig, 1);
  const told = await Promise.all(streams.map(({ next }) => whatOf(next, 2)));
  expect(told).toEqual(Array.from({ length: 500 }, () => ['queued', 'granted']));
  expect(read.mock.calls.length).toBeLessThan(50);
  for (const { close } of streams) await close?.();
  expect(hub.reading).toBe(0);
});

test('L2: the reason why a run waits is made anew at every change, and pushed', async () => {
  await agent.hello();
  await startDesktopRun(rig, 1);
  const grant = await agent.startRun();
  const second = await startDesktopRun(rig, 2);
  const reasonOf = async (): Promise<unknown> => {
    const { body } = await api(rig, 'GET', `machines/${agent.machine}/queue`);
    return (body['waiting'] as QueueView['waiting']).find(({ run }) => run === second)?.reason.why;
  };
  expect(await reasonOf()).toBe('machineBusy');
  await api(rig, 'PATCH', `machines/${agent.machine}`, { maintenance: true });
  expect(await reasonOf()).toBe('maintenance');
  await api(rig, 'PATCH', `machines/${agent.machine}`, { maintenance: false });
  await rig.live(3 * 60_000);
  expect(await reasonOf()).toBe('offline');
  await agent.hello();
  expect(await reasonOf()).toBe('machineBusy');
  await agent.succeed(grant);
  expect(await reasonOf()).toBeUndefined();
});
