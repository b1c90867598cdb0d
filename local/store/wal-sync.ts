import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** The write-ahead log's file as the operating system sees it: syncs it off the main thread. */
export class WalSync {
  private fd: number | undefined;

  constructor(private readonly databasePath: string) {}

  /** Calls `done` when everything in the log so far is on disk. */
  sync(done: (error: Error | undefined) => void): void {
    let fd: number;
    try {
      fd = this.descriptor();
    } catch (cause) {
      setImmediate(() => done(cause instanceof Error ? cause : new Error(String(cause))));
      return;
    }
    fdatasync(fd, (error) => done(error ?? undefined));
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private descriptor(): number {
    if (this.fd === undefined) {
      this.fd = openSync(`${this.databasePath}-wal`, 'r');
      // The log's name must be as durable as its contents.
      const directory = openSync(dirname(this.databasePath), 'r');
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    }
    return this.fd;
  }
}
