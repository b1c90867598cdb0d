import { spawn } from 'node:child_process';
import os from 'node:os';
import type { AccountCheck, OsFamily } from '../../contracts/agent-protocol';
import { errorInfo } from '../../contracts/errors';
import { userKey } from '../../contracts/user-name';
import { AgentError } from '../errors';
import { accountOf, otherNames, resolveUid, uidAccount } from './linux-accounts';
import { SessionRefusedError, type SessionPort } from './session';

interface OwnSessionOptions {
  maxSessions?: number;
  /** uid of an account; absent where accounts cannot be resolved. */
  resolve?: ((user: string) => Promise<number | undefined>) | undefined;
}

/**
 * Runs execute in the session in which the agent itself runs, one at a time unless `maxSessions` says otherwise. On Linux a connection
 * that names another user than the agent's is refused (row E1).
 */
export function ownSession(options: OwnSessionOptions = {}): SessionPort {
  const family = osFamilyOf({ platform: process.platform, release: os.release(), version: os.version() });
  const { username: user, uid } = os.userInfo();
  const { resolve = process.platform === 'linux' ? resolveUid : undefined } = options;

  /** What this machine makes of an account; `problem` says why runs of it cannot execute here. */
  async function look(account: string): Promise<{ known: boolean; id?: string; problem?: string }> {
    const found = await resolve?.(account);
    const whose = `This agent executes runs only in its own session, that of ${user} (uid ${uid}).`;
    if (found === undefined) return { known: false, problem: `"${account}" is no account here. ${whose}` };
    const id = String(found);
    return found === uid
      ? { known: true, id }
      : { known: true, id, problem: `"${account}" is uid ${id} here. ${whose}` };
  }

  async function check(account: string | undefined): Promise<AccountCheck> {
    const note = "Passwords are not checked: runs execute in the agent's own session.";
    if (account === undefined) return { user: 'known', userId: String(uid), password: 'notChecked', note };
    if (!resolve) return { user: 'notChecked', password: 'notChecked', note };
    const { known, id, problem: details } = await look(account);
    return {
      user: known ? 'known' : 'unknown',
      ...(id === undefined ? {} : { userId: id }),
      password: 'notChecked',
      ...(details === undefined ? { note } : { error: errorInfo('AttendedUserNotLoggedIn', { details }) }),
    };
  }

  return {
    report: async () => ({
      os: family,
      osVersion: `${os.type()} ${os.release()}`,
      maxSessions: options.maxSessions ?? 1,
      rds: false,
      multipleSessionsPerUser: false,
      sessions: [
        {
          user,
          userKey: userKey(user),
          aliases: otherNames(user, os.hostname()).map(userKey),
          ...(process.platform === 'linux' ? { account: uidAccount(uid) } : {}),
          state: 'active',
        },
      ],
    }),
    open: async ({ user: account, mode }) => {
      const problem = account === undefined || !resolve ? undefined : (await look(account)).problem;
      if (problem !== undefined) {
        const code = mode === 'attended' ? 'AttendedUserNotLoggedIn' : 'SessionCreationError';
        throw new SessionRefusedError(code, problem);
      }
      return {
        env: {},
        spawn: (program, args, spawnOptions) => spawn(program, args, spawnOptions),
        close: async () => undefined,
      };
    },
    ...(process.platform === 'linux' ? { accountOf } : {}),
    check: ({ user: account }) => check(account),
  };
}

/**
 * Tells the system from what Node says of it (row C6): client Windows by build number, servers by product name.
 * @throws AgentError UnsupportedOs.
 */
export function osFamilyOf(system: { platform: string; release: string; version: string }): OsFamily {
  if (system.platform === 'linux') return 'linux';
  if (system.platform === 'win32') {
    const year = /Server (2016|2019|2022)/.exec(system.version)?.[1];
    if (year) return `server${year}` as OsFamily;
    const [major, , build] = system.release.split('.').map(Number);
    if (major === 10 && !system.version.includes('Server'))
      return (build ?? 0) >= 22_000 ? 'windows11' : 'windows10';
  }
  throw new AgentError('UnsupportedOs', `${system.version} (${system.platform}) is not supported.`);
}
