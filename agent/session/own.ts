import { spawn } from 'node:child_process';
import os from 'node:os';
import type { OsFamily } from '../../contracts/agent-protocol';
import { AgentError } from '../errors';
import type { SessionPort } from './session';

/** Runs execute in the session in which the agent itself runs, one at a time unless `maxSessions` says otherwise. */
export function ownSession(options: { maxSessions?: number } = {}): SessionPort {
  const family = osFamilyOf({ platform: process.platform, release: os.release(), version: os.version() });
  const user = os.userInfo().username;
  return {
    report: async () => ({
      os: family,
      osVersion: `${os.type()} ${os.release()}`,
      maxSessions: options.maxSessions ?? 1,
      rds: false,
      multipleSessionsPerUser: false,
      sessions: [{ user, userKey: user.toLowerCase(), state: 'active' }],
    }),
    open: async () => ({
      env: {},
      spawn: (program, args, spawnOptions) => spawn(program, args, spawnOptions),
      close: async () => undefined,
    }),
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
