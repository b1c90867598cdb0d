import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../../local/store/store';
import type { LocalHost } from '../../../local/host/host';
import { closeHosts, startHost } from './support/hosts';

const APP = `
  df.app.orchestration('waits', function* (c) { return (yield c.df.waitForExternalEvent('go')).length; });
  df.app.orchestration('collects', function* (c) {
    let sum = 0; for (let i = 0; i < c.df.getInput(); i++) sum += yield c.df.waitForExternalEvent('n'); return sum; });
  df.app.entity('tally', (c) => { c.df.setState(c.df.getState(() => 0) + 1); });
  app.http('ping', { authLevel: 'anonymous', handler: () => ({ body: 'pong' }) });`;

let folder: string;
let store: Store;
let host: LocalHost;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
  store = openStore(join(folder, 'store.db'));
  host = await startHost({ code: APP }, { store });
});
afterEach(async () => {
  const pong = await (await fetch(`${host.url}/api/ping`)).text();
  if (pong !== 'pong') throw new Error(`Whatever was sent, the host should be there: ${pong}`);
  await closeHosts();
  await store.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  status: number;
  text: string;
}

async function send(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${host.url}/runtime/webhooks/durabletask/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text() };
}

const start = (id: string, name = 'waits', body = 'null'): Promise<Answer> =>
  send('POST', `orchestrators/${name}/${id}`, body);

async function status(id: string): Promise<{ runtimeStatus: string; output: unknown }> {
  return JSON.parse((await send('GET', `instances/${id}`)).text) as {
    runtimeStatus: string;
    output: unknown;
  };
}

describe('a disk that refuses', () => {
  test('full: 500 StoreFull with what to do, reading goes on, and work goes on when there is room', async () => {
    await start('before');
    const pages = Number(store.prepare('PRAGMA page_count').get()?.['page_count']);
    store.db.exec(`PRAGMA max_page_count=${pages}`);
    const refused = await start('big', 'waits', JSON.stringify('x'.repeat(500_000)));
    expect(refused.status).toBe(500);
    expect(JSON.parse(refused.text)).toMatchObject({
      ExceptionType: 'StoreFull',
      ExceptionMessage: expect.stringContaining('free some and the work goes on'),
    });
    expect((await send('GET', 'instances/before')).status).toBe(202);
    expect((await send('GET', 'instances/big')).status).toBe(404);

    store.db.exec('PRAGMA max_page_count=1000000');
    expect((await start('big', 'waits', JSON.stringify('x'.repeat(500_000)))).status).toBe(202);
    await send('POST', 'instances/big/raiseEvent/go', '"abc"');
    await host.runUntilIdle();
    expect(await status('big')).toMatchObject({ runtimeStatus: 'Completed', output: 3 });
  });

  test('read-only: 500 StoreReadOnly; reading goes on', async () => {
    await start('before');
    await host.runUntilIdle();
    store.db.exec('PRAGMA query_only=ON');
    const refused = await start('after');
    store.db.exec('PRAGMA query_only=OFF');
    expect(refused.status).toBe(500);
    expect(JSON.parse(refused.text)).toMatchObject({
      ExceptionType: 'StoreReadOnly',
      ExceptionMessage: expect.stringContaining('permissions'),
    });
    expect((await send('GET', 'instances/before')).status).toBe(202);
    expect((await start('after')).status).toBe(202);
  });
});

test('a file damaged under the host: what meets the damage is named, the rest is served', async () => {
  for (let i = 0; i < 30; i++) {
    expect((await start(`i-${i}`, 'waits', JSON.stringify('x'.repeat(20_000)))).status).toBe(202);
  }
  await host.runUntilIdle();
  await closeHosts();
  await store.close();
  const path = join(folder, 'store.db');
  const file = openSync(path, 'r+');
  // The later half: inputs and histories, not the tables' first pages.
  const half = Math.floor(statSync(path).size / 8192) * 4096;
  writeSync(file, Buffer.alloc(half, 0xa5), 0, half, half);
  closeSync(file);

  store = openStore(path);
  host = await startHost({ code: APP }, { store });
  const answers = [];
  for (let i = 0; i < 30; i++) answers.push(await send('GET', `instances/i-${i}?showHistory=true`));
  const bad = answers.filter(({ status: code }) => code === 500);
  expect(bad.length).toBeGreaterThan(0);
  for (const { text } of bad) {
    expect(JSON.parse(text)).toMatchObject({
      ExceptionType: 'StoreCorrupt',
      ExceptionMessage: expect.stringContaining('restore a copy of the data directory'),
    });
  }
});

describe('sizes', () => {
  test('an event of 10 MB is delivered; one over 32 MiB is 413 PayloadTooLarge and changes nothing', async () => {
    await start('big');
    const tooLarge = await send(
      'POST',
      'instances/big/raiseEvent/go',
      JSON.stringify('x'.repeat(33 * 1024 * 1024)),
    );
    expect(tooLarge.status).toBe(413);
    expect(tooLarge.text).toContain('PayloadTooLarge: The event has');
    expect((await status('big')).runtimeStatus).toBe('Running');
    const event = JSON.stringify('x'.repeat(10_000_000));
    expect((await send('POST', 'instances/big/raiseEvent/go', event)).status).toBe(202);
    await host.runUntilIdle();
    expect(await status('big')).toMatchObject({ runtimeStatus: 'Completed', output: 10_000_000 });
  });

  test('a history of 50,000 events runs, survives a restart and can be shown', async () => {
    const events = 50_000;
    await start('long', 'collects', String(events + 1));
    const raised = Array.from({ length: events }, () => host.engine.raiseEvent('long', 'n', '1'));
    await Promise.all(raised);
    await host.runUntilIdle();
    await closeHosts();
    host = await startHost({ code: APP }, { store });
    await send('POST', 'instances/long/raiseEvent/n', '2');
    await host.runUntilIdle();
    expect(await status('long')).toMatchObject({ runtimeStatus: 'Completed', output: events + 2 });
    const shown = await send('GET', 'instances/long?showHistory=true');
    const { historyEvents } = JSON.parse(shown.text) as { historyEvents: unknown[] };
    expect(historyEvents).toHaveLength(events + 3);
  });
});

describe('names, ids and texts that are not what they should be', () => {
  test('an unknown orchestrator is accepted and fails by name; an unknown entity is 400', async () => {
    expect((await start('lost', 'nosuch')).status).toBe(202);
    await host.runUntilIdle();
    expect(await status('lost')).toMatchObject({
      runtimeStatus: 'Failed',
      output: expect.stringContaining("The function 'nosuch' doesn't exist, is disabled, or is not"),
    });
    const signalled = await send('POST', 'entities/nosuch/k?op=add', '1');
    expect([signalled.status, signalled.text]).toEqual([400, expect.stringContaining("'tally'")]);
  });

  test.each([
    ['POST', 'orchestrators/waits/bad', '{"unfinished', 400, 'Invalid JSON content'],
    ['POST', 'orchestrators/%00%F0%9F%92%A5%2F/x', 'null', 202, 'statusQueryGetUri'],
    [`POST`, `orchestrators/${'n'.repeat(5000)}/y`, 'null', 202, 'statusQueryGetUri'],
    ['POST', 'instances/nobody/raiseEvent/go', '1', 404, ''],
    ['POST', 'instances/%E0%A4%A/terminate', undefined, 404, ''],
    ['PATCH', 'instances/nobody', '1', 404, ''],
    ['GET', 'instances?createdTimeFrom=yesterday&runtimeStatus=Happy&top=many', undefined, 200, '['],
    ['GET', 'entities?top=-1', undefined, 200, '['],
    ['DELETE', 'instances', undefined, 400, 'createdTimeFrom'],
    ['POST', 'entities/tally/k?op=add', '{', 400, 'Could not parse JSON content'],
  ])('request %#: %s', async (method, path, body, expected, text) => {
    const answer = await send(method, path, body);
    expect(answer.status).toBe(expected);
    expect(answer.text).toContain(text);
  });

  test('a page size that is no positive number counts as none given', async () => {
    for (const id of ['a', 'b', 'c']) await start(id);
    for (const top of ['0', '-2', '2.5']) {
      expect(JSON.parse((await send('GET', `instances?top=${top}`)).text)).toHaveLength(3);
    }
    expect(JSON.parse((await send('GET', 'instances?top=2')).text)).toHaveLength(2);
  });

  test('a continuation token of another query is 400 by name', async () => {
    const answer = await send('GET', 'instances', undefined, { 'x-ms-continuation-token': 'bm9uc2Vuc2U=' });
    expect(answer).toEqual({ status: 400, text: expect.stringContaining('InvalidContinuationToken') });
  });
});
