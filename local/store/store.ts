import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { closeSync, fdatasync, openSync } from 'node:fs';

/**
 * The one SQLite file under the engine, the broker and the tables. All three write into the same log, so one barrier
 * (`durable`) covers every earlier write of all of them, and an effect can never survive a crash that its cause did not.
 */
export interface Store {
  readonly db: DatabaseSync;
  /** A prepared statement, cached by its text. */
  prepare(sql: string): StatementSync;
  /** Runs `work` synchronously, all or nothing, as part of the open transaction. Nested calls join the outer one. */
  write<T>(work: () => T): T;
  /** Resolves when everything written before this call is on disk. Await it before anything leaves the process. */
  durable(): Promise<void>;
  /** Called when a failed commit threw away writes that were not yet durable: drop every cache and read again. */
  onRollback(listener: (cause: Error) => void): void;
  close(): Promise<void>;
}

/** How long writes that nobody waits for may stay in the open transaction (ms). */
const LAZY_COMMIT_MS = 20;

/**
 * Opens (or creates) the store. Commits do not sync (`synchronous=NORMAL` in WAL mode); the barrier syncs the WAL file
 * off the main thread, one sync serving all that wait for it.
 * @param path a file, or ':memory:' for tests without crashes.
 */
export function openStore(path: string): Store {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=0;',
  );
  return new SqliteStore(db, path === ':memory:' ? undefined : `${path}-wal`);
}

class SqliteStore implements Store {
  private readonly statements = new Map<string, StatementSync>();
  private readonly rollbackListeners: ((cause: Error) => void)[] = [];
  private depth = 0;
  private open = false;
  private lazyCommit: NodeJS.Timeout | undefined;
  private walFd: number | undefined;
  private waiting: { resolve: () => void; reject: (cause: Error) => void }[] = [];
  private syncing = false;
  private scheduled = false;

  constructor(
    readonly db: DatabaseSync,
    private readonly walPath: string | undefined,
  ) {}

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
    if (!this.open) {
      this.db.exec('BEGIN IMMEDIATE');
      this.open = true;
      this.lazyCommit ??= setTimeout(() => this.commitQuietly(), LAZY_COMMIT_MS);
    }
    this.prepare('SAVEPOINT work').run();
    this.depth = 1;
    try {
      const result = work();
      this.prepare('RELEASE work').run();
      return result;
    } catch (cause) {
      if (this.db.isTransaction) {
        this.db.exec('ROLLBACK TO work; RELEASE work');
      } else {
        // SQLite gave up the whole transaction (disk full, I/O error): what was not durable is gone.
        this.open = false;
        this.rolledBack(cause instanceof Error ? cause : new Error(String(cause)));
      }
      throw cause;
    } finally {
      this.depth = 0;
    }
  }

  durable(): Promise<void> {
    const barrier = new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.schedule();
    return barrier;
  }

  onRollback(listener: (cause: Error) => void): void {
    this.rollbackListeners.push(listener);
  }

  async close(): Promise<void> {
    await this.durable();
    clearTimeout(this.lazyCommit);
    if (this.walFd !== undefined) closeSync(this.walFd);
    this.db.close();
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
    try {
      this.commit();
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      for (const waiter of served) waiter.reject(error);
      return;
    }
    if (this.walPath === undefined) {
      for (const waiter of served) waiter.resolve();
      return;
    }
    this.walFd ??= openSync(this.walPath, 'r');
    this.syncing = true;
    fdatasync(this.walFd, (error) => {
      this.syncing = false;
      for (const waiter of served) {
        if (error) waiter.reject(error);
        else waiter.resolve();
      }
      this.schedule();
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
      this.db.exec('COMMIT');
      this.open = false;
    } catch (cause) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      this.open = false;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.rolledBack(error);
      throw error;
    }
  }

  private rolledBack(cause: Error): void {
    for (const listener of this.rollbackListeners) listener(cause);
  }
}
