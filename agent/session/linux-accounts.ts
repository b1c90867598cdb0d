import { execFile } from 'node:child_process';
import os from 'node:os';
import { parseUserName, userKey, type UserName } from '../../contracts/user-name';

/** A directory that does not answer must not hold up a run. */
const PATIENCE_MS = 10_000;

/**
 * Row E1: the uid of an account, over whatever the system's name service knows (files, LDAP, Active Directory).
 * @returns undefined when there is no such account here.
 */
export async function resolveUid(user: string): Promise<number | undefined> {
  const name = parseUserName(user);
  const local = name && nameHere(name, os.hostname());
  // `id` takes a number for a uid.
  if (local === undefined || /^[+-]?\d+$/.test(local)) return undefined;
  return new Promise((resolve) => {
    execFile('id', ['-u', '--', local], { timeout: PATIENCE_MS }, (error, stdout) =>
      resolve(error || !/^\d+\n$/.test(stdout) ? undefined : Number(stdout)),
    );
  });
}

/** The name as the name service of this machine takes it: `.` and the machine's own name stand for local accounts. */
export function nameHere(name: UserName, hostname: string): string {
  switch (name.form) {
    case 'plain':
    case 'local':
      return name.user;
    case 'principal':
      return `${name.user}@${name.domain}`;
    case 'authority': {
      const names = [hostname, hostname.split('.')[0] ?? hostname].map(userKey);
      return names.includes(userKey(name.authority)) ? name.user : `${name.authority}\\${name.user}`;
    }
  }
}
