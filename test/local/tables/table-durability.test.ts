import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { VirtualClock } from '../../../local/clock';
import { openStore, type Store } from '../../../local/store/store';
import { scanSql } from '../../../local/tables/entity-store';
import { parseFilter } from '../../../local/tables/filter-parser';
import { keyRange } from '../../../local/tables/key-range';
import { startTables, type Tables } from '../../../local/tables/tables';
import { KEY, sendRaw, startForTest } from './signed-request';

const OPTIONS = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const client = (tables: Tables): TableClient =>
  TableClient.fromConnectionString(tables.connectionString, 'items', OPTIONS);

/** A store whose barrier a test opens by hand, or breaks. */
function gated(store: Store): { store: Store; open: () => void; fail: (cause: Error) => void } {
  let open: () => void = () => undefined;
  let fail: (cause: Error) => void = () => undefined;
  const gate = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  const durable = (): Promise<void> => gate;
  return {
    store: {
      db: store.db,
      prepare: (sql) => store.prepare(sql),
      write: (work) => store.write(work),
      explain: (cause) => store.explain(cause),
      onRollback: (listener) => store.onRollback(listener),
      close: () => store.close(),
      durable,
    },
    open: () => open(),
    fail: (cause) => fail(cause),
  };
}

describe('durability of tables', () => {
  it('keeps everything over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attendant-tables-'));
    const file = join(folder, 'store.db');
    const first = await startForTest({ store: openStore(file) });
    await client(first.tables).createTable();
    const { etag } = await client(first.tables).createEntity({ partitionKey: 'p', rowKey: 'r', n: 1n });
    await first.stop();
    const second = await startForTest({ store: openStore(file) });
    expect(await client(second.tables).getEntity('p', 'r')).toMatchObject({ n: 1n, etag });
    await second.stop();
    rmSync(folder, { recursive: true });
  });

  it('answers nobody, reader or refused writer, before the write they would learn of is on disk', async () => {
    const gate = gated(openStore(':memory:'));
    const { tables, stop } = await startForTest({ store: gate.store });
    const answered: string[] = [];
    const note = (what: string) => (): void => void answered.push(what);
    const entity = { method: 'GET', path: "items(PartitionKey='p',RowKey='r')" };
    const insert = { method: 'POST', path: 'items', body: '{"PartitionKey":"p","RowKey":"r"}' };
    const create = sendRaw(tables, { method: 'POST', path: 'Tables', body: '{"TableName":"items"}' });
    const unauthorised = await sendRaw(tables, { ...entity, scheme: 'none' });
    const calls = [create.then(note('create'))];
    for (const call of [insert, entity, insert]) calls.push(sendRaw(tables, call).then(note(call.method)));
    expect(unauthorised.status).toBe(403);
    // Four answers of which nothing depends on the store have gone round the same loop: these would have come, too.
    for (let turn = 0; turn < 4; turn += 1) await sendRaw(tables, { ...entity, scheme: 'none' });
    expect(answered).toEqual([]);
    gate.open();
    await Promise.all(calls);
    expect(answered).toHaveLength(4);
    await stop();
  });

  it('answers a named error and stays up when the disk refuses', async () => {
    const gate = gated(openStore(':memory:'));
    const errors: string[] = [];
    const log = { error: (_details: object, message: string): void => void errors.push(message) };
    const { tables, stop } = await startForTest({ store: gate.store, log });
    gate.fail(new Error('database or disk is full'));
    const answer = await sendRaw(tables, { method: 'POST', path: 'Tables', body: '{"TableName":"items"}' });
    expect(answer).toMatchObject({ status: 500, code: 'InternalError' });
    expect(answer.body).toContain('disk is full');
    expect(errors).toEqual(['table request failed']);
    expect((await sendRaw(tables, { method: 'GET', path: 'Tables' })).status).toBe(200);
    await stop();
  });

  it('stays up when a client leaves in the middle of a body', async () => {
    const { tables, stop } = await startForTest();
    await new Promise<void>((resolve) => {
      const socket = connect(tables.port, '127.0.0.1', () => {
        socket.write(
          'POST /devstoreaccount1/Tables HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{',
          () => {
            socket.destroy();
            resolve();
          },
        );
      });
    });
    expect((await sendRaw(tables, { method: 'GET', path: 'Tables' })).status).toBe(200);
    await stop();
  });

  it('takes Timestamp from the clock and gives every change its own etag', async () => {
    const clock = new VirtualClock(Date.UTC(2030, 0, 1));
    const { tables, stop } = await startForTest({ clock });
    const items = client(tables);
    await items.createTable();
    const first = await items.createEntity({ partitionKey: 'p', rowKey: 'r' });
    const second = await items.updateEntity({ partitionKey: 'p', rowKey: 'r' });
    expect(second.etag).not.toBe(first.etag);
    expect((await items.getEntity('p', 'r')).timestamp).toMatch(/^2030-01-01T00:00:00\.000\d{4}Z$/);
    await stop();
  });

  it('refuses a port in use and a key that is no base64', async () => {
    const { tables, store, stop } = await startForTest();
    await expect(startTables({ store, key: KEY, port: tables.port })).rejects.toThrow('EADDRINUSE');
    await expect(startTables({ store, key: 'no base64!' })).rejects.toThrow('base64');
    await stop();
  });
});

describe('scans', () => {
  it.each([
    ["PartitionKey eq 'a' and RowKey eq '1'", '(tbl=? AND pk=? AND rk>? AND rk<?)'],
    ["PartitionKey eq 'a' and RowKey ge '1' and RowKey lt '2'", '(tbl=? AND pk=? AND rk>? AND rk<?)'],
    ["PartitionKey eq 'a' and n eq 1", '(tbl=? AND pk=?)'],
    ["PartitionKey gt 'a' and PartitionKey lt 'b'", '(tbl=? AND pk>? AND pk<?)'],
  ])('%s is a search of the primary key without sorting', async (filter, plan) => {
    const { store, stop } = await startForTest();
    const { sql, values } = scanSql(keyRange(parseFilter(filter)));
    const steps = store.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(1, ...values);
    expect(steps.map((step) => String(step['detail']))).toEqual([expect.stringContaining(plan)]);
    await stop();
  });

  it('goes on from a key by a search, too', async () => {
    const { store, stop } = await startForTest();
    const { sql, values } = scanSql(keyRange(undefined), { partitionKey: 'a', rowKey: '1' });
    const steps = store.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(1, ...values);
    expect(steps.map((step) => String(step['detail']))).toEqual([
      expect.stringContaining('(tbl=? AND (pk,rk)>(?,?))'),
    ]);
    await stop();
  });
});
