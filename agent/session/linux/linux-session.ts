import { spawn } from 'node:child_process';
import os from 'node:os';
import { AGENT_SESSION, userKey } from '../../../contracts/user-name';
import type { AccountCheck } from '../../../contracts/agent-protocol';
import type { HeldSession } from '../../../contracts/console';
import { errorInfo } from '../../../contracts/errors';
import { messageOf } from '../../errors';
import type { Log } from '../../log';
import { accountOf, findAccount, otherNames, uidAccount, type LinuxAccount } from '../linux-accounts';
import { planWithoutTerms, sessionCase } from '../session-case';
import {
  SessionRefusedError,
  type Account,
  type Session,
  type SessionPort,
  type SessionReport,
  type SessionRequest,
} from '../session';
import { SessionsInUse } from '../sessions-in-use';
import { spawnAsUser } from './as-user';
import { dumpOfDisplay, pngOfDump } from './screen';
import { desktopEnvironment, desktops, type Desktop } from './desktops';
import { userEnvironment } from './environment';
import { findTool, NO_XVFB } from './tools';
import { signInProblem } from './password';
import { heldSession, SessionRecords } from './session-record';
import { XSession, type XSessionOptions } from './x-session';

export interface LinuxSessionOptions {
  /** Folder of the agent; the sessions that exist are recorded in it. */
  dataDir: string;
  installation: string;
  log: Log;
  /** Sessions at once, those kept for reuse included. Default: one per processor. */
  maxSessions?: number | undefined;
  /** Width and height of the screens, `1280x800` by default. */
  screen?: string | undefined;
  /** False: no control groups, though the machine has them. */
  cgroups?: boolean;
  /** Where programs of the system are; replaced by tests that play a machine without them. */
  findTool?: typeof findTool;
}

/**
 * Sessions of a service that may act as any user: each unattended run gets an X session of its connection's user (rows C1, C6, D1–D6), an
 * attended one the desktop at which that user sits (row E1).
 */
export class LinuxSessions implements SessionPort {
  private readonly parts: XSessionOptions;
  private readonly sessions = new Set<XSession>();
  private readonly inUse = new SessionsInUse<XSession>();
  /** Places of sessions that are yet to be made. */
  private coming = 0;
  private readonly displays = new Set<number>();
  private readonly maxSessions: number;

  constructor(private readonly options: LinuxSessionOptions) {
    const { dataDir, installation, screen = '1280x800', cgroups = true } = options;
    this.maxSessions = options.maxSessions ?? os.availableParallelism();
    this.parts = { records: new SessionRecords(dataDir), installation, screen: `${screen}x24`, cgroups };
  }

  async recover(): Promise<void> {
    const found = (await this.parts.records.read()).map((record) => XSession.of(this.parts, record));
    for (const session of found) {
      this.displays.add(session.record.display);
      this.sessions.add(session);
    }
    for (const session of found) {
      const connection = session.record.state === 'kept' ? await session.reach() : undefined;
      connection?.end();
      if (!connection) await this.end(session, { askMs: 0 });
    }
  }

  async report(): Promise<SessionReport> {
    const people = await desktops();
    const kept = [...this.sessions].filter(({ record }) => record.state === 'kept');
    return {
      os: 'linux',
      osVersion: `${os.type()} ${os.release()}`,
      maxSessions: this.maxSessions,
      rds: false,
      multipleSessionsPerUser: false,
      // A run's own session is left out while the run goes on: the control plane counts it by its grant.
      sessions: [
        ...people.map(({ user, uid, state }) => reported({ user, uid }, state)),
        ...kept.map(({ record }) => reported(record, 'locked')),
      ],
    };
  }

  async open(request: SessionRequest): Promise<Session> {
    const { user, mode, plan = planWithoutTerms('linux', mode) } = request;
    if (user === undefined || request.userKey === AGENT_SESSION) return agentSession();
    const account = await findAccount(user);
    if (!account) {
      const code = mode === 'attended' ? 'AttendedUserNotLoggedIn' : 'SessionCreationInvalidCredentials';
      throw new SessionRefusedError(code, `There is no account "${user}" on this machine.`);
    }
    if (account.uid === 0) {
      throw new SessionRefusedError('ElevationNotAllowed', `"${user}" is the administrator (uid 0) here.`);
    }
    const people = await desktops();
    // Accounts are compared by uid, never by name (row E1).
    const known = [
      ...people.map(({ uid, state }) => ({ userKey: String(uid), state })),
      ...this.keptOf(account.uid).map(() => ({ userKey: String(account.uid), state: 'locked' as const })),
    ];
    const cell = sessionCase(plan, known, String(account.uid));
    if (cell === 'attach') return this.attach(account, people);
    if (cell !== 'create' && cell !== 'reuse') {
      const whose = people.filter(({ uid }) => uid === account.uid).map(({ state }) => state);
      throw new SessionRefusedError(cell, `Sessions of ${account.name} here: ${whose.join(', ') || 'none'}.`);
    }
    await signIn(account, request);
    return this.use(account, request, plan.atEnd);
  }

  accountOf(userKey: string): Promise<string | undefined> {
    return accountOf(userKey);
  }

  held(): HeldSession[] {
    return [...this.sessions].map(({ record }) => heldSession(record));
  }

  async endHeld(id: string, why: string): Promise<boolean> {
    const session = [...this.sessions].find(({ record }) => record.id === id);
    if (!session) return false;
    await this.inUse.take(session, why);
    return this.sessions.has(session) ? this.end(session) : true;
  }

  /** Row B9. */
  async check({ user, credential }: Account): Promise<AccountCheck> {
    const own = os.userInfo();
    if (user === undefined) return { user: 'known', userId: String(own.uid), password: 'notChecked' };
    const account = await findAccount(user);
    if (!account) {
      const error = errorInfo('SessionCreationInvalidCredentials', {
        details: `There is no account "${user}" on this machine.`,
      });
      return { user: 'unknown', password: 'notChecked', error };
    }
    const known = { user: 'known', userId: String(account.uid) } as const;
    if (!credential) return { ...known, password: 'notChecked' };
    const problem = await signInProblem(account, credential().password);
    if (!problem) return { ...known, password: 'accepted' };
    const refused = problem.code === 'SessionCreationInvalidCredentials';
    const error = errorInfo(problem.code, { details: problem.message });
    return { ...known, password: refused ? 'refused' : 'notChecked', error };
  }

  private async attach(account: LinuxAccount, people: readonly Desktop[]): Promise<Session> {
    const desktop = people.find(({ uid, state }) => uid === account.uid && state === 'active');
    if (!desktop) throw new SessionRefusedError('SessionNotFound', `${account.name} has just signed out.`);
    const owner = { uid: account.uid, gid: account.gid };
    const env = {
      ...userEnvironment({ user: account.name, home: account.home }),
      ...(await desktopEnvironment(desktop)),
    };
    return {
      env,
      owner,
      spawn: (program, args, options) => spawnAsUser({ owner }, [program, ...args], options),
      screenshot: async () => pngOfDump(await dumpOfDisplay({ owner }, env)),
      close: async () => undefined,
    };
  }

  private async use(
    account: LinuxAccount,
    { run, tell = () => undefined }: SessionRequest,
    atEnd: 'signOff' | 'lock' | 'leave',
  ): Promise<Session> {
    const reused = atEnd === 'lock' ? await this.takeKept(account.uid) : undefined;
    // With reuse turned off nothing will use what was kept.
    if (!reused) for (const kept of this.keptOf(account.uid)) await this.end(kept);
    const session = reused ?? (await this.create(account));
    const { display } = session.record;
    tell(`${reused ? 'Unlocked the session of' : 'Signed in'} ${account.name} on display :${display}.`);
    const connection = await session.reach();
    if (!connection) {
      await this.end(session);
      throw new SessionRefusedError('SessionCreationError', 'The X server ended as soon as it had started.');
    }
    await session.give(run);
    const lost = new AbortController();
    const leave = this.inUse.enter(session, lost);
    let closing = false;
    void connection.closed.then(() => {
      if (!closing) lost.abort(`The X server of display :${display} has ended.`);
    });
    return {
      env: session.env,
      owner: session.place.owner,
      lost: lost.signal,
      spawn: (program, args, options) => spawnAsUser(session.place, [program, ...args], options),
      screenshot: () => session.screenshot(),
      close: async () => {
        closing = true;
        connection.end();
        try {
          tell(await this.leave(session, atEnd === 'lock' && !lost.signal.aborted));
        } finally {
          leave();
        }
      },
    };
  }

  /** @returns what has become of the session, in words. */
  private async leave(session: XSession, lock: boolean): Promise<string> {
    const { user } = session.record;
    if (lock) {
      try {
        await session.lock();
        return `Locked the session of ${user}.`;
      } catch (error) {
        this.options.log.warn(`The session of ${user} cannot be kept: ${messageOf(error)}`);
      }
    }
    const gone = await this.end(session);
    return gone ? `Signed out ${user}.` : `Programs of ${user} do not end; the session is still there.`;
  }

  /** Row D6: one that has vanished is ended, and another is made in its place. */
  private async takeKept(uid: number): Promise<XSession | undefined> {
    for (const kept of this.keptOf(uid)) {
      // From here on it is nobody else's.
      kept.record.state = 'used';
      try {
        const connection = await kept.reach();
        connection?.end();
        if (connection) {
          await kept.unlock();
          return kept;
        }
      } catch (error) {
        this.options.log.warn(`The session of ${kept.record.user} cannot be reused: ${messageOf(error)}`);
      }
      await this.end(kept);
    }
    return undefined;
  }

  private async create(account: LinuxAccount): Promise<XSession> {
    const find = this.options.findTool ?? findTool;
    if (find('Xvfb') === undefined) throw new SessionRefusedError('SessionCreationError', NO_XVFB);
    await this.takePlace();
    let session: XSession | undefined;
    try {
      session = await XSession.plan(this.parts, account, this.displays);
      this.sessions.add(session);
    } catch (error) {
      throw new SessionRefusedError('SessionCreationError', messageOf(error));
    } finally {
      this.coming--;
    }
    try {
      await session.start(this.displays);
      return session;
    } catch (error) {
      await this.end(session, { askMs: 0 });
      throw new SessionRefusedError('SessionCreationError', messageOf(error));
    }
  }

  /** Row G2: the sessions of runs count, and those that are kept give way. */
  private async takePlace(): Promise<void> {
    while (this.sessions.size + this.coming >= this.maxSessions) {
      const [kept] = [...this.sessions].filter(({ record }) => record.state === 'kept');
      if (!kept) {
        throw new SessionRefusedError(
          'TooManyActiveSessions',
          `The agent has ${this.sessions.size} of ${this.maxSessions} sessions here.`,
        );
      }
      await this.end(kept);
    }
    this.coming++;
  }

  private async end(session: XSession, options: { askMs?: number } = {}): Promise<boolean> {
    const { uid, user, display } = session.record;
    session.record.state = 'used';
    const alone = ![...this.sessions].some((other) => other !== session && other.record.uid === uid);
    const gone = await session.end(alone, options);
    if (!gone) this.options.log.warn(`Programs in the session of ${user} (display :${display}) do not end.`);
    this.sessions.delete(session);
    if (gone) this.displays.delete(display);
    return gone;
  }

  private keptOf(uid: number): XSession[] {
    return [...this.sessions].filter(({ record }) => record.uid === uid && record.state === 'kept');
  }
}

/** @throws SessionRefusedError when the account may not sign in, or not with this password. */
async function signIn(account: LinuxAccount, { credential }: SessionRequest): Promise<void> {
  const problem = credential
    ? await signInProblem(account, credential().password)
    : {
        code: 'SessionCreationInvalidCredentials' as const,
        message: `The connection has no password for ${account.name}.`,
      };
  if (problem) throw new SessionRefusedError(problem.code, problem.message);
}

function reported(
  { user, uid }: { user: string; uid: number },
  state: Desktop['state'],
): SessionReport['sessions'][number] {
  const aliases = otherNames(user, os.hostname()).map(userKey);
  return { user, userKey: userKey(user), aliases, account: uidAccount(uid), state };
}

/** For runs whose connection names nobody: they execute as the agent itself does. */
function agentSession(): Session {
  return {
    env: {},
    spawn: (program, args, options) => spawn(program, args, options),
    close: async () => undefined,
  };
}
