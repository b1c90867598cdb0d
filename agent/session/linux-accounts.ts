import { execFile } from 'node:child_process';
import os from 'node:os';
import { AGENT_SESSION, parseUserName, userKey, type UserName } from '../../contracts/user-name';

/** A directory that does not answer must not hold up a run. */
const PATIENCE_MS = 10_000;

/** An account as the system's name service knows it. */
export interface LinuxAccount {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/**
 * Row E1: the account of a name, over whatever the system's name service knows (files, LDAP, Active Directory).
 * @returns undefined when there is no such account here.
 */
export async function findAccount(user: string): Promise<LinuxAccount | undefined> {
  const name = parseUserName(user);
  const local = name && nameHere(name, os.hostname());
  // `getent` takes a number for a uid.
  if (local === undefined || /^[+-]?\d+$/.test(local)) return undefined;
  return passwdEntry(local);
}

/** Name of a uid, or its number where the account is gone. */
export async function nameOfUid(uid: number): Promise<string> {
  return (await passwdEntry(String(uid)))?.name ?? String(uid);
}

function passwdEntry(key: string): Promise<LinuxAccount | undefined> {
  return new Promise((resolve) => {
    execFile('getent', ['passwd', '--', key], { timeout: PATIENCE_MS }, (error, stdout) => {
      const [name, , uid, gid, , home, shell] = stdout.split('\n')[0]?.split(':') ?? [];
      const found = !error && name && /^\d+$/.test(uid ?? '') && /^\d+$/.test(gid ?? '');
      resolve(
        found
          ? { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell ?? '' }
          : undefined,
      );
    });
  });
}

/** uid of an account; undefined when there is none. */
export async function resolveUid(user: string): Promise<number | undefined> {
  return (await findAccount(user))?.uid;
}

/** SessionPort.accountOf: keys of one account have one uid, whatever the form of the name; the agent's own session is that of its user. */
export async function accountOf(key: string): Promise<string | undefined> {
  const uid = key === AGENT_SESSION ? os.userInfo().uid : await resolveUid(key);
  return uid === undefined ? undefined : uidAccount(uid);
}

/** How `accountOf` names a uid: no user key has a colon. */
export function uidAccount(uid: number): string {
  return `uid:${uid}`;
}

/** The other names under which a connection may know a local account of this machine: the inverse of `nameHere`. */
export function otherNames(name: string, hostname: string): string[] {
  if (parseUserName(name)?.form !== 'plain') return [];
  const authorities = new Set(['.', hostname, hostname.split('.')[0] ?? hostname]);
  return [...authorities].map((authority) => `${authority}\\${name}`);
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
