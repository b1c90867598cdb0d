import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '../contracts/access';
import { peopleFile, person, type Person } from '../contracts/people';
import { CliError, exitCodes } from './shell';

/** The people with a key of their own on the local host (row L8). The host reads the file whenever it has changed. */
export class PeopleFile {
  private readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, 'people.json');
  }

  /** @throws CliError when the file is damaged. */
  read(): Person[] {
    if (!existsSync(this.path)) return [];
    try {
      return peopleFile.parse(JSON.parse(readFileSync(this.path, 'utf8'))).people;
    } catch {
      throw new CliError(`${this.path} is damaged.`, {
        remedy: 'Mend it, or delete it and give each person a new key.',
      });
    }
  }

  /** @returns the key, which is kept nowhere. @throws CliError for a name that is taken, or is none. */
  add(name: string, role: Role, nowMs: number): string {
    const people = this.read();
    if (people.some((known) => known.name === name)) {
      throw new CliError(`${name} has a key already.`, {
        remedy: `Remove it first: attendant people remove ${name}`,
      });
    }
    const key = randomBytes(32).toString('base64url');
    const keyHash = createHash('sha256').update(key).digest('hex');
    const added = person.safeParse({ name, role, keyHash, addedAt: new Date(nowMs).toISOString() });
    if (!added.success) {
      throw new CliError(`"${name}" ${added.error.issues[0]?.message ?? 'is no name'}.`, {
        exitCode: exitCodes.usage,
      });
    }
    this.write([...people, added.data]);
    return key;
  }

  /** @throws CliError when there is nobody of this name. */
  remove(name: string): void {
    const people = this.read();
    const others = people.filter((known) => known.name !== name);
    if (others.length === people.length) {
      throw new CliError(`Nobody is named ${name}.`, {
        remedy: '`attendant people list` shows who there is.',
      });
    }
    this.write(others);
  }

  /** As a whole: the host sees the old or the new content, never half of it. */
  private write(people: Person[]): void {
    const draft = `${this.path}.${process.pid}.tmp`;
    writeFileSync(draft, `${JSON.stringify({ people }, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, this.path);
  }
}
