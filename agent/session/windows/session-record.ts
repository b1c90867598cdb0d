import { readFile, rename, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { HeldSession } from '../../../contracts/console';

/** A session that the agent has made or taken over, on disk before anything runs in it. */
const recordSchema = z.object({
  id: z.int(),
  sid: z.string(),
  /** used: by a run, and ended when the agent is found dead. kept: locked, for the user's next run. */
  state: z.enum(['used', 'kept']),
  account: z.string().optional(),
  /** In this state since, ms. */
  since: z.number().optional(),
  /** The run that uses it. */
  run: z.string().optional(),
  /** When Windows was started (ms): afterwards the same number is another session. */
  bootedAt: z.number(),
});
export type SessionRecord = z.infer<typeof recordSchema>;

/** As a person sees it. */
export function heldSession({ id, sid, account = sid, state, run, since = 0 }: SessionRecord): HeldSession {
  return {
    id: String(id),
    user: account,
    state,
    ...(run === undefined ? {} : { run }),
    since: new Date(since).toISOString(),
  };
}

/** Clocks are set and drift. */
const SAME_BOOT_MS = 60_000;

export class SessionRecords {
  private readonly known = new Map<number, SessionRecord>();
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataDir: string,
    private readonly bootedAt = Date.now() - os.uptime() * 1000,
  ) {}

  private get file(): string {
    return path.join(this.dataDir, 'windows-sessions.json');
  }

  /** Those of this start of Windows. What cannot be read counts as none. */
  async load(): Promise<SessionRecord[]> {
    const text = await readFile(this.file, 'utf8').catch(() => '[]');
    const records = z.array(recordSchema).catch([]).parse(jsonOf(text));
    for (const record of records)
      if (Math.abs(record.bootedAt - this.bootedAt) < SAME_BOOT_MS) this.known.set(record.id, record);
    return [...this.known.values()];
  }

  put(record: Omit<SessionRecord, 'bootedAt' | 'since'>): Promise<void> {
    this.known.set(record.id, { ...record, since: Date.now(), bootedAt: this.bootedAt });
    return this.write();
  }

  /** As far as they are known to this process. */
  all(): SessionRecord[] {
    return [...this.known.values()];
  }

  remove(id: number): Promise<void> {
    this.known.delete(id);
    return this.write();
  }

  used(id: number): boolean {
    return this.known.get(id)?.state === 'used';
  }

  private write(): Promise<void> {
    const text = JSON.stringify([...this.known.values()]);
    const written = this.writing.then(async () => {
      await writeFile(`${this.file}.next`, text, { mode: 0o600 });
      await rename(`${this.file}.next`, this.file);
    });
    this.writing = written.catch(() => undefined);
    return written;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
