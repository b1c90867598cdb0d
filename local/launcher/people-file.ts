import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { peopleFile } from '../../contracts/people';
import type { Principal } from '../host/sign-in';

/** The people with a key of their own, from a file that the command line writes; read again whenever it has changed (row L8). */
export class PeopleFile {
  private version = '';
  private byHash = new Map<string, Principal>();

  /** @param complain told once of each version of the file that cannot be read; nobody in it gets in then. */
  constructor(
    private readonly path: string,
    private readonly complain: (problem: string) => void,
  ) {}

  personOf(key: string): Principal | undefined {
    this.refresh();
    return this.byHash.get(createHash('sha256').update(key).digest('hex'));
  }

  private refresh(): void {
    const stat = statSync(this.path, { throwIfNoEntry: false });
    // The file is replaced as a whole, so a new content is a new inode too.
    const version = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    if (version === this.version) return;
    this.version = version;
    this.byHash = new Map(stat ? this.read() : []);
  }

  private read(): [string, Principal][] {
    try {
      const { people } = peopleFile.parse(JSON.parse(readFileSync(this.path, 'utf8')));
      return people.map(({ name, role, keyHash }) => [keyHash, { name, roles: [role] }]);
    } catch (cause) {
      this.complain(`${this.path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
      return [];
    }
  }
}
