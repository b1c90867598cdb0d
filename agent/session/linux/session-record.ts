import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { processIdentity } from '../../protocol/records';
import type { HeldSession } from '../../../contracts/console';

/** A session that the agent has made, on disk before anything of it exists, so that whatever becomes of the agent it can be ended. */
const sessionRecord = z.object({
  id: z.string(),
  user: z.string(),
  uid: z.int().min(1),
  gid: z.int().min(0),
  home: z.string(),
  display: z.int(),
  /** The X authority cookie that the server accepts now, hex. */
  cookie: z.string(),
  /** XDG_RUNTIME_DIR; also holds the X authority and the screen. */
  folder: z.string(),
  group: z.string().optional(),
  /** Absent until the X server runs. */
  server: processIdentity.optional(),
  bus: processIdentity.optional(),
  /** kept: locked, for the next run of the user (row D2). */
  state: z.enum(['used', 'kept']),
  /** In this state since, ms; absent in records of earlier versions. */
  since: z.number().optional(),
  /** The run that uses it. */
  run: z.string().optional(),
});
export type SessionRecord = z.infer<typeof sessionRecord>;

/** Without what a person has no use for, and nobody else may see. */
export function heldSession({ id, user, display, state, run, since = 0 }: SessionRecord): HeldSession {
  return {
    id,
    user,
    display: `:${display}`,
    state,
    ...(run === undefined ? {} : { run }),
    since: new Date(since).toISOString(),
  };
}

/** The records of an agent's sessions, one file each, readable by root alone because they hold cookies. */
export class SessionRecords {
  private readonly root: string;

  constructor(dataDir: string) {
    this.root = path.join(dataDir, 'sessions');
  }

  async write(record: SessionRecord): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const file = this.file(record.id);
    await writeFile(`${file}.next`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${file}.next`, file);
  }

  remove(id: string): Promise<void> {
    return rm(this.file(id), { force: true });
  }

  /** Records of an earlier process; what cannot be read or was not written whole was never acted on, and the latter is removed. */
  async read(): Promise<SessionRecord[]> {
    const names = await readdir(this.root).catch((): string[] => []);
    for (const name of names.filter((each) => each.endsWith('.next')))
      await rm(path.join(this.root, name), { force: true });
    const whole = names.filter((name) => name.endsWith('.json'));
    const records = await Promise.all(
      whole.map(async (name) => {
        try {
          return [sessionRecord.parse(JSON.parse(await readFile(path.join(this.root, name), 'utf8')))];
        } catch {
          return [];
        }
      }),
    );
    return records.flat();
  }

  private file(id: string): string {
    return path.join(this.root, `${id}.json`);
  }
}
