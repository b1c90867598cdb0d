import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { readOwner, removeOwner, writeOwner } from './owner-file';
import { StoreError, storeError } from './store-error';
import { WalSync } from './wal-sync';

/**
 * The one SQLite file under the engine, the broker and the tables. All three write into the same log, so one barrier
 * (`durable`) covers every earlier write of all of them, and an effect can never survive a crash that its cause did not.
 */
export interface Store {
  readonly db: DatabaseSync;
  /** A prepared statement, cached by its text. */
  prepare(sql: string): StatementSync;
  /**
   * Runs `work` synchronously, all or nothing, as part of the open transaction. Nested calls join the outer one.
   * @throws StoreError when the disk refuses.
   */
  write<T>(work: () => T): T;
  /**
   * Resolves when everything written before this call is on disk. Await it before anything leaves the process.
   * Costs nothing when nothing was written since the last one.
   */
  durable(): Promise<void>;
  /** What a read of `db` threw, by its name. Writes and the barrier throw named errors by themselves. */
  explain(cause: unknown): Error;
  /** Called when a failed commit threw away writes that were not yet durable: drop every cache and read again. */
  onRollback(listener: (cause: Error) => void): void;
  close(): Promise<void>;
}

/** How long writes that nobody waits for may stay in the open transaction (ms). */
const LAZY_COMMIT_MS = 20;

/**
 * The log is moved into the database past this many pages (4 KiB each) and then starts again at its beginning, in place:
 * overwriting blocks the file already has makes the barrier's sync cheaper. The thread waits for the disk meanwhile (some 50 ms), however
 * many pages they are, so they are many: 64 MiB.
 */
const CHECKPOINT_PAGES = 16_384;

/** Marks the file as ours in its header ("ATND"). */
const APPLICATION_ID = 0x41544e44;

/**
 * Opens (or creates) the store and holds it for this process alone. Commits do not sync (`synchronous=NORMAL` in WAL
 * mode); the barrier syncs the WAL file off the main thread, one sync serving all that wait for it.
 * @param path a file, or ':memory:' for tests without crashes.
 * @throws StoreError StoreInUse (names the owner's pid), StoreForeign, StoreCorrupt, StoreReadOnly, StoreCannotOpen.
 */
export function openStore(path: string): Store {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // The exclusive lock is the operating system's: it ends with the process, however that ends.
    db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA busy_timeout=0; PRAGMA temp_store=MEMORY;');
    claim(db, path);
    db.exec(
      `PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES};`,
    );
    db.exec(`BEGIN EXCLUSIVE; PRAGMA application_id=${APPLICATION_ID}; COMMIT;`);
    if (path !== ':memory:') writeOwner(path);
    return new SqliteStore(db, path);
  } catch (cause) {
    db?.close();
    const error = storeError(cause, path);
    if (!(error instanceof StoreError) || error.code !== 'StoreInUse') throw error;
    const owner = readOwner(path);
    throw new StoreError(
      'StoreInUse',
      `${path} is in use by ${owner === undefined ? 'another process' : `the process with pid ${owner}`}; ` +
        'stop it or use another data directory.',
      { cause },
    );
  }
}

function claim(db: DatabaseSync, path: string): void {
  const applicationId = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
  if (applicationId === APPLICATION_ID) return;
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (applicationId !== 0 || tables > 0) {
    throw new StoreError('StoreForeign', `${path}: it is a database of another program; move it away.`);
  }
}

class SqliteStore implements Store {
  private readonly statements = new Map<string, StatementSync>();
  private readonly rollbackListeners: ((cause: Error) => void)[] = [];
  private readonly wal: WalSync | undefined;
  private depth = 0;
  private open = false;
  /** Something was written that no finished sync covers. */
  private dirty = true;
  private failed: Error | undefined;
  private lazyCommit: NodeJS.Timeout | undefined;
  private waiting: { resolve: () => void; reject: (cause: Error) => void }[] = [];
  private syncing = false;
  private scheduled = false;

  constructor(
    readonly db: DatabaseSync,
    private readonly path: string,
  ) {
    this.wal = path === ':memory:' ? undefined : new WalSync(path);
  }

  prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  write<T>(work: () => T): T {
    if (this.depth > 0) return work();
    if (this.failed) throw this.failed;
    this.begin();
    this.depth = 1;
    try {
      this.prepare('SAVEPOINT work').run();
      const result = work();
      this.prepare('RELEASE work').run();
      return result;
    } catch (cause) {
      const error = storeError(cause, this.path);
      if (this.db.isTransaction) {
        this.db.exec('ROLLBACK TO work; RELEASE work');
      } else {
        // SQLite gave up the whole transaction (disk full, I/O error): what was not durable is gone.
        this.open = false;
        this.rolledBack(error);
      }
      throw error;
    } finally {
      this.depth = 0;
    }
  }

  durable(): Promise<void> {
    if (this.failed) return Promise.reject(this.failed);
    if (!this.dirty) return Promise.resolve();
    const barrier = new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.schedule();
    return barrier;
  }

  explain(cause: unknown): Error {
    return storeError(cause, this.path);
  }

  onRollback(listener: (cause: Error) => void): void {
    this.rollbackListeners.push(listener);
  }

  async close(): Promise<void> {
    try {
      await this.durable();
    } finally {
      this.failed ??= new StoreError('StoreClosed', `${this.path} was closed.`);
      clearTimeout(this.lazyCommit);
      this.wal?.close();
      this.statements.clear();
      this.db.close();
      if (this.wal) removeOwner(this.path);
    }
  }

  private begin(): void {
    this.dirty = true;
    if (this.open) return;
    try {
      this.prepare('BEGIN IMMEDIATE').run();
    } catch (cause) {
      throw storeError(cause, this.path);
    }
    this.open = true;
    this.lazyCommit ??= setTimeout(() => this.commitQuietly(), LAZY_COMMIT_MS);
  }

  private schedule(): void {
    if (this.syncing || this.scheduled || this.waiting.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.sync();
    });
  }

  private sync(): void {
    const served = this.waiting;
    this.waiting = [];
    const settle = (error: Error | undefined): void => {
      for (const waiter of served) {
        if (error) waiter.reject(error);
        else waiter.resolve();
      }
      this.schedule();
    };
    try {
      this.commit();
    } catch (cause) {
      settle(storeError(cause, this.path));
      return;
    }
    this.dirty = false;
    if (!this.wal) {
      settle(undefined);
      return;
    }
    this.syncing = true;
    this.wal.sync((error) => {
      this.syncing = false;
      // After a failed sync the kernel may have dropped the pages: nothing later can be trusted to be on disk.
      if (error) this.failed = new StoreError('StoreIo', `${this.path}: sync failed.`, { cause: error });
      settle(this.failed);
    });
  }

  private commitQuietly(): void {
    try {
      this.commit();
    } catch {
      // Already told to the rollback listeners; whoever waits for a barrier is told by `sync`.
    }
  }

  private commit(): void {
    clearTimeout(this.lazyCommit);
    this.lazyCommit = undefined;
    if (!this.open) return;
    try {
      this.prepare('COMMIT').run();
      this.open = false;
    } catch (cause) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      this.open = false;
      const error = storeError(cause, this.path);
      this.rolledBack(error);
      throw error;
    }
  }

  private rolledBack(cause: Error): void {
    for (const listener of this.rollbackListeners) listener(cause);
  }
}
