import { connect } from 'node:net';
import { TableClient } from '@azure/data-tables';
import type { Tables } from '../../../local/tables/tables';
import { sendRaw, startForTest } from './signed-request';

const OPTIONS = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };

describe('tables under stress', () => {
  let tables: Tables;
  let stop: () => Promise<void>;
  let items: TableClient;

  beforeAll(async () => {
    ({ tables, stop } = await startForTest());
    items = TableClient.fromConnectionString(tables.connectionString, 'items', OPTIONS);
    await items.createTable();
  });
  afterAll(() => stop());

  it('lets one of many inserts of one key through (L1)', async () => {
    const claim = async (run: number): Promise<number | undefined> => {
      try {
        await items.createEntity({ partitionKey: 'claims', rowKey: 'key', run });
        return run;
      } catch (error) {
        expect(error).toMatchObject({ statusCode: 409 });
        return undefined;
      }
    };
    const claims = Array.from({ length: 50 }, (_, run) => claim(run));
    const winners = (await Promise.all(claims)).filter((run) => run !== undefined);
    expect(winners).toHaveLength(1);
    expect(await items.getEntity('claims', 'key')).toMatchObject({ run: winners[0] });
  });

  it('loses no update when writers go by etag', async () => {
    await items.createEntity({ partitionKey: 'counter', rowKey: 'one', n: 0 });
    const increment = async (): Promise<void> => {
      for (;;) {
        const { n, etag } = await items.getEntity<{ n: number }>('counter', 'one');
        const entity = { partitionKey: 'counter', rowKey: 'one', n: n + 1 };
        try {
          await items.updateEntity(entity, 'Merge', { etag });
          return;
        } catch (error) {
          expect(error).toMatchObject({ statusCode: 412 });
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    expect(await items.getEntity('counter', 'one')).toMatchObject({ n: 20 });
  });

  it('serves on after thousands of connections were opened and dropped', async () => {
    const drop = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(tables.port, '127.0.0.1', () => socket.end(text));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume();
      });
    const texts = ['', 'GET / HTTP/1.1\r\n', 'nonsense\r\n\r\n', 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n'];
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => drop(texts[n % texts.length] ?? '')));
    }
    expect((await sendRaw(tables, { method: 'GET', path: 'Tables' })).status).toBe(200);
  });

  it('answers a page that would look at too many rows short, and the client goes on', async () => {
    for (let block = 0; block < 60; block += 1) {
      await items.submitTransaction(
        Array.from({ length: 100 }, (_, n) => [
          'create',
          { partitionKey: 'long', rowKey: String(block * 100 + n).padStart(6, '0'), n: block },
        ]),
      );
    }
    const filter = "PartitionKey eq 'long' and n eq 59";
    const sizes: number[] = [];
    for await (const page of items.listEntities({ queryOptions: { filter } }).byPage())
      sizes.push(page.length);
    expect(sizes).toEqual([0, 100]);
  });
});
