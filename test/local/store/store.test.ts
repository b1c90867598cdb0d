import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrate } from '../../../local/store/migrate';
import { openStore, type Store } from '../../../local/store/store';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(folder, 'store.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const insert = (store: Store, value: string): void => {
  store.write(() => store.prepare('INSERT INTO t VALUES (?)').run(value));
};
const count = (store: Store): unknown => store.prepare('SELECT count(*) AS n FROM t').get()?.['n'];
const withTable = (): Store => {
  const store = openStore(path);
  migrate(store, 'test', ['CREATE TABLE t (value TEXT)']);
  return store;
};
const code = (value: string) => expect.objectContaining({ code: value }) as unknown as Error;

describe('writes', () => {
  test('what the barrier covered is there after the next start', async () => {
    const store = withTable();
    insert(store, 'a');
    await store.durable();
    await store.close();
    const again = openStore(path);
    expect(count(again)).toBe(1);
    await again.close();
  });

  test('a failed write leaves nothing behind and does not hurt its neighbours', async () => {
    const store = withTable();
    insert(store, 'before');
    expect(() =>
      store.write(() => {
        store.prepare('INSERT INTO t VALUES (?)').run('half');
        throw new Error('no');
      }),
    ).toThrow('no');
    insert(store, 'after');
    await store.durable();
    expect(store.prepare('SELECT value FROM t').all()).toEqual([{ value: 'before' }, { value: 'after' }]);
    await store.close();
  });

  test('a barrier without writes costs no sync', async () => {
    const store = withTable();
    await store.durable();
    const start = performance.now();
    for (let i = 0; i < 1000; i++) await store.durable();
    expect(performance.now() - start).toBeLessThan(100);
    await store.close();
  });

  test('the log does not grow without bound under load', async () => {
    const store = withTable();
    for (let i = 0; i < 100; i++) {
      store.write(() => {
        for (let row = 0; row < 20; row++) store.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(50_000));
      });
      await store.durable();
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(72 * 1024 * 1024);
    expect(count(store)).toBe(2000);
    await store.close();
  });

  test('a full disk is a named error; the store tells its users to read again and goes on when there is room', async () => {
    const store = withTable();
    insert(store, 'kept');
    await store.durable();
    const told: string[] = [];
    store.onRollback((cause) => told.push(cause.message));
    const pages = Number(store.prepare('PRAGMA page_count').get()?.['page_count']);
    store.db.exec(`PRAGMA max_page_count=${pages}`);
    expect(() => {
      for (let i = 0; i < 1000; i++) insert(store, 'x'.repeat(2000));
    }).toThrow(code('StoreFull'));
    store.db.exec('PRAGMA max_page_count=100000');
    insert(store, 'later');
    await store.durable();
    expect(store.prepare("SELECT value FROM t WHERE value IN ('kept', 'later')").all()).toHaveLength(2);
    await store.close();
  });
});

describe('ownership', () => {
  test('a second host on the file is refused and told the pid of the first', async () => {
    const store = withTable();
    await store.durable();
    const script = `
      const { openStore } = require(${JSON.stringify(join(__dirname, '../../../local/store/store.ts'))});
      try { openStore(process.argv[1]); console.log('opened'); }
      catch (error) { console.log(error.code + ' ' + error.message); }`;
    const child = spawn(process.execPath, [
      '--require',
      join(__dirname, '../../support/run-ts.cjs'),
      '-e',
      script,
      path,
    ]);
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    await once(child, 'close');
    expect(output).toContain(`StoreInUse ${path} is in use by the process with pid ${process.pid}`);
    expect(() => openStore(path)).toThrow(code('StoreInUse'));
    insert(store, 'still mine');
    await store.close();
  });

  test('a pid left by a dead process claims nothing', async () => {
    const store = withTable();
    await store.close();
    writeFileSync(`${path}.pid`, '1\n');
    const again = openStore(path);
    insert(again, 'mine');
    await again.close();
  });
});

describe('files that are not a healthy store', () => {
  test('a text file', () => {
    writeFileSync(path, 'invoice_id,supplier\n'.repeat(500));
    expect(() => openStore(path)).toThrow(code('StoreForeign'));
  });

  test('a database of another program', () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE bookmarks (url TEXT)');
    other.close();
    expect(() => openStore(path)).toThrow(code('StoreForeign'));
    const untouched = new DatabaseSync(path);
    expect(untouched.prepare('SELECT count(*) AS n FROM bookmarks').get()).toEqual({ n: 0 });
    untouched.close();
  });

  test('a missing directory', () => {
    expect(() => openStore(join(folder, 'no', 'such', 'store.db'))).toThrow(code('StoreCannotOpen'));
  });

  test('a damaged file is named as such when the damage is met', async () => {
    const store = withTable();
    for (let i = 0; i < 500; i++) insert(store, 'x'.repeat(2000));
    await store.close();
    const pages = statSync(path).size;
    const damaged = Buffer.alloc(pages - 4096, 0xa5);
    const { openSync, writeSync, closeSync } = await import('node:fs');
    const fd = openSync(path, 'r+');
    writeSync(fd, damaged, 0, damaged.length, 4096);
    closeSync(fd);
    expect(() => {
      const again = openStore(path);
      again.write(() => again.prepare('SELECT count(*) FROM t').get());
    }).toThrow(code('StoreCorrupt'));
  });

  test('tables of a newer version', async () => {
    const store = openStore(path);
    migrate(store, 'test', ['CREATE TABLE t (value TEXT)', 'ALTER TABLE t ADD COLUMN more TEXT']);
    expect(() => migrate(store, 'test', ['CREATE TABLE t (value TEXT)'])).toThrow(code('StoreNewer'));
    await store.close();
  });
});

test('migrations run once, in order, and only the new ones', async () => {
  const store = withTable();
  insert(store, 'old');
  migrate(store, 'test', ['CREATE TABLE t (value TEXT)', "ALTER TABLE t ADD COLUMN more TEXT DEFAULT 'new'"]);
  expect(store.prepare('SELECT * FROM t').all()).toEqual([{ value: 'old', more: 'new' }]);
  await store.close();
});
