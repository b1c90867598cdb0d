import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { userKey } from '../../contracts/user-name';
import type { SessionPort } from '../session/session';

/** Starts programs on the desktop at which a user sits. @throws AgentError when there is none. */
export type DesktopSpawn = (
  user: string,
  program: string,
  args: string[],
  options?: SpawnOptions,
) => Promise<ChildProcess>;

/** Over the session port that attended runs use. */
export function desktopSpawn(sessions: SessionPort): DesktopSpawn {
  return async (user, program, args, options = {}) => {
    const session = await sessions.open({ mode: 'attended', user, userKey: userKey(user) });
    const { owner, env } = session;
    // The agent's own session passes the agent's variables on; another user's has its bus where systemd puts it.
    const base = owner ? { DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${owner.uid}/bus` } : process.env;
    const child = session.spawn(program, args, { ...options, env: { ...base, ...env } });
    child.once('exit', () => void session.close().catch(() => undefined));
    return child;
  };
}
