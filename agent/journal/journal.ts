import { copyFile, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Monotonic } from '../clock';
import { messageOf } from '../errors';
import type { JournalRecord } from '../protocol/records';
import { apply, emptyState, prune, snapshot, type JournalState } from '../protocol/state';
import { formatLine, parseJournal } from './journal-lines';

/** Below this the file is not rewritten, however much of it is out of date. */
const REWRITE_FROM_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;
/** Records that may wait for company before they are written. */
const LAZY_MS = 1_000;

export interface JournalOptions {
  folder: string;
  clock: Clock;
  monotonic: Monotonic;
  /** Told when the disk fails (the reason) and when it works again (undefined). */
  onTrouble?: (reason: string | undefined) => void;
  /** Opens files; replaced by tests that play a full disk. */
  openFile?: (file: string, flags: string) => Promise<FileHandle>;
}

/**
 * The agent's memory of runs and unsent events: an append-only file, one fdatasync for all records that wait (group
 * commit). Records count in `state` at once and `append` resolves when they are on disk, which after an error of the
 * disk may be much later: then the file is written anew from `state`.
 */
export class Journal {
  readonly state: JournalState = emptyState();
  /** Set when the file had unreadable lines: the copy that was kept, and where. */
  damage: { copy: string; lines: number[] } | undefined;

  private handle: FileHandle | undefined;
  private waiting: { record: JournalRecord[]; resolve: () => void }[] = [];
  private lazy: JournalRecord[] = [];
  private writing: Promise<void> | undefined;
  private busy = false;
  private bytes = 0;
  private bytesWhenRewritten = 0;
  private closed = false;
  private lazyTimer: NodeJS.Timeout | undefined;
  private troubled = false;

  private constructor(private readonly options: JournalOptions) {}

  /** Reads the journal and writes it anew without what is out of date. An unreadable file is kept as a copy (`damage`). */
  static async open(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options);
    const text = await readFile(journal.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const content = parseJournal(text);
    if (content.damagedLines.length > 0) {
      const stamp = new Date(options.clock.now()).toISOString().replaceAll(/[:.]/g, '-');
      const copy = path.join(options.folder, `journal-damaged-${stamp}.jsonl`);
      await copyFile(journal.file, copy);
      journal.damage = { copy, lines: content.damagedLines };
    }
    for (const record of content.records) apply(journal.state, record);
    await journal.rewrite();
    return journal;
  }

  /**
   * Begins the journal of a newly registered machine. That of the same machine goes on and covers what it covered; that of another
   * machine is put aside.
   */
  static async begin(options: JournalOptions, of: { machine: string; epoch: number }): Promise<void> {
    let journal = await Journal.open(options);
    const other = journal.state.begins?.machine;
    if (other !== undefined && other !== of.machine) {
      await journal.close();
      await rename(journal.file, path.join(options.folder, `journal-${other}.jsonl`));
      journal = await Journal.open(options);
    }
    if (!journal.state.begins) await journal.append([{ k: 'begins', ...of }]);
    await journal.close();
  }

  /** Applies the records to `state` at once. @returns when they, and all before them, are on disk. */
  append(records: JournalRecord[]): Promise<void> {
    const now = this.options.monotonic();
    for (const record of records) apply(this.state, record, now);
    return new Promise((resolve) => {
      this.waiting.push({ record: records, resolve });
      this.kick();
    });
  }

  /** Like `append` for records that cost nothing but a repetition when lost; they are written with the next ones. */
  note(record: JournalRecord): void {
    apply(this.state, record);
    if (this.closed) return;
    this.lazy.push(record);
    this.lazyTimer ??= setTimeout(() => {
      this.lazyTimer = undefined;
      this.kick();
    }, LAZY_MS);
  }

  /** Waits for pending writes (not for a broken disk) and closes the file. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.lazyTimer);
    if (!this.troubled) {
      this.kick();
      await this.writing;
    }
    await this.handle?.close().catch(() => undefined);
    this.handle = undefined;
  }

  private get file(): string {
    return path.join(this.options.folder, 'journal.jsonl');
  }

  private openFile(file: string, flags: string): Promise<FileHandle> {
    return this.options.openFile ? this.options.openFile(file, flags) : open(file, flags, 0o600);
  }

  private kick(): void {
    if (this.busy) return;
    this.busy = true;
    this.writing = this.writeAll();
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0 || this.lazy.length > 0) {
      const batch = this.waiting;
      const lazy = this.lazy;
      this.waiting = [];
      this.lazy = [];
      try {
        await this.write([...lazy, ...batch.flatMap((item) => item.record)]);
      } catch (error) {
        await this.recover(error);
        if (this.closed) return;
      }
      for (const item of batch) item.resolve();
    }
    // In the same turn as the look at the queue: what comes after it begins a new round.
    this.busy = false;
  }

  private async write(records: JournalRecord[]): Promise<void> {
    if (records.length === 0) return;
    if (this.bytes > Math.max(REWRITE_FROM_BYTES, 4 * this.bytesWhenRewritten)) return this.rewrite();
    if (!this.handle) throw new Error('the journal is not open');
    const line = Buffer.from(formatLine(records));
    await this.handle.appendFile(line);
    await this.handle.datasync();
    this.bytes += line.length;
  }

  /** After a failed write nothing is known of the end of the file: a new one is written until that succeeds. */
  private async recover(cause: unknown): Promise<void> {
    let failure = cause;
    for (;;) {
      this.troubled = true;
      this.options.onTrouble?.(`The journal cannot be written: ${messageOf(failure)}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (this.closed) return;
      try {
        await this.rewrite();
        this.troubled = false;
        this.options.onTrouble?.(undefined);
        return;
      } catch (error) {
        failure = error;
      }
    }
  }

  /** Writes `state` to a new file, syncs it and puts it in the place of the old one. */
  private async rewrite(): Promise<void> {
    prune(this.state, this.options.clock.now());
    const next = path.join(this.options.folder, 'journal.next');
    const handle = await this.openFile(next, 'w');
    try {
      let bytes = 0;
      for (const record of snapshot(this.state)) {
        const line = Buffer.from(formatLine([record]));
        await handle.appendFile(line);
        bytes += line.length;
      }
      await handle.datasync();
      await rename(next, this.file);
      await syncFolder(this.options.folder);
      this.bytes = this.bytesWhenRewritten = bytes;
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
    await this.handle?.close().catch(() => undefined);
    this.handle = handle;
  }
}

/** Makes a rename durable; Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
