import { spawn } from 'node:child_process';
import type { AccountCheck, OsFamily } from '../../../contracts/agent-protocol';
import { errorInfo } from '../../../contracts/errors';
import { AGENT_SESSION } from '../../../contracts/user-name';
import type { Pace } from '../../simulate/pace';
import { planWithoutTerms, sessionCase } from '../session-case';
import {
  SessionRefusedError,
  type Account,
  type Session,
  type SessionPort,
  type SessionReport,
  type SessionRequest,
} from '../session';

export type SessionState = 'active' | 'locked' | 'disconnected';

/** A server without Remote Desktop Services has two sessions (row G2). */
const SESSIONS_WITHOUT_RDS = 2;

const osVersions: Readonly<Record<OsFamily, string>> = {
  windows10: 'Windows 10 22H2 (simulated)',
  windows11: 'Windows 11 23H2 (simulated)',
  server2016: 'Windows Server 2016 (simulated)',
  server2019: 'Windows Server 2019 (simulated)',
  server2022: 'Windows Server 2022 (simulated)',
  linux: 'Linux (simulated)',
};

export interface SimulatedMachineOptions {
  name: string;
  os: OsFamily;
  /** Remote Desktop Services: without them a server has two sessions, whatever `maxSessions` says. */
  rds?: boolean | undefined;
  maxSessions?: number | undefined;
  multipleSessionsPerUser?: boolean | undefined;
  /** Accounts; whoever is not among them, or is with a password that is refused, cannot sign in. */
  users: readonly {
    name: string;
    /** Other names of the account, such as `user@domain`. */
    aliases?: readonly string[] | undefined;
    password?: 'accepted' | 'refused' | undefined;
  }[];
  sessions?: readonly { user: string; state: SessionState }[] | undefined;
  /** How long a sign-in takes, simulated ms. */
  sessionCreationMs?: number | undefined;
  /** A sign-in that takes longer fails with SessionCreationError; simulated ms. */
  sessionLimitMs?: number | undefined;
  pace: Pace;
}

interface DesktopSession {
  user: string;
  userKey: string;
  state: SessionState;
  /** A run is at work in it. */
  busy: boolean;
  /** A run has made it and it will not outlive the run, or nobody knows yet. */
  ofRun: boolean;
  lost: AbortController;
}

/** A session in which a run works, until it is closed or lost. */
export interface SimulatedSession extends Session {
  user: string;
  /** Aborted when the session ends under the run (sign-off, reboot), with the reason. */
  lost: AbortSignal;
}

/** A machine that exists in memory only: accounts, sessions, and what people do with them. */
export class SimulatedMachine implements SessionPort {
  readonly name: string;
  private readonly passwords = new Map<string, 'accepted' | 'refused'>();
  private readonly names = new Map<string, string>();
  /** The key of an account for each of its names. */
  private readonly keys = new Map<string, string>();
  private sessions: DesktopSession[] = [];
  private creationMs: number;

  constructor(private readonly options: SimulatedMachineOptions) {
    this.name = options.name;
    this.creationMs = options.sessionCreationMs ?? 0;
    for (const { name, aliases = [], password = 'accepted' } of options.users) {
      const key = name.toLowerCase();
      this.names.set(key, name);
      this.passwords.set(key, password);
      for (const known of [name, ...aliases]) this.keys.set(known.toLowerCase(), key);
    }
    for (const { user, state } of options.sessions ?? []) this.begin(user, { state });
  }

  /** Row G1: how many sessions there may be at once. */
  get sessionLimit(): number {
    const { os, rds = false, maxSessions = 1 } = this.options;
    if (os === 'windows10' || os === 'windows11') return 1;
    return os !== 'linux' && !rds ? SESSIONS_WITHOUT_RDS : maxSessions;
  }

  /** A run's own session is left out while the run goes on: the control plane counts it by its grant, and at once. */
  async report(): Promise<SessionReport> {
    const { name, os, rds = false, multipleSessionsPerUser = false } = this.options;
    return {
      os,
      osVersion: osVersions[os],
      hostname: name,
      maxSessions: this.sessionLimit,
      rds,
      multipleSessionsPerUser,
      sessions: this.sessions
        .filter((session) => !session.ofRun)
        .map(({ user, userKey, state }) => ({ user, userKey, account: accountId(userKey), state })),
    };
  }

  async accountOf(userKey: string): Promise<string | undefined> {
    const key = this.keys.get(userKey);
    return key === undefined ? undefined : accountId(key);
  }

  /** Every session with its state, as a person at the machine would see them. */
  describe(): { user: string; state: SessionState; busy: boolean }[] {
    return this.sessions.map(({ user, state, busy }) => ({ user, state, busy }));
  }

  /** @throws SessionRefusedError rows C4, C5, C9, D5, E1, G2; SessionCreationInvalidCredentials, SessionCreationError. */
  async open(request: SessionRequest, signal?: AbortSignal): Promise<SimulatedSession> {
    const { mode, plan = planWithoutTerms(this.options.os, mode) } = request;
    if (request.userKey === AGENT_SESSION)
      return session('the agent', new AbortController().signal, async () => undefined);
    const userKey = this.keyOf(request.userKey);
    const cell = sessionCase(plan, this.sessions, userKey);
    switch (cell) {
      case 'attach':
        return this.use(this.own(userKey, ['active']), 'leave');
      case 'reuse':
        return this.use(this.own(userKey, ['locked', 'disconnected']), plan.atEnd);
      case 'create':
        return this.use(await this.create(userKey, signal), plan.atEnd);
      default:
        throw new SessionRefusedError(cell, `${this.name}: ${this.sessionsInWords()}`);
    }
  }

  /** Row B9. */
  async check({ user, credential }: Account): Promise<AccountCheck> {
    if (user === undefined) return { user: 'known', password: 'notChecked' };
    const password = this.passwords.get(this.keyOf(user));
    const fail = (known: 'known' | 'unknown', details: string): AccountCheck => ({
      user: known,
      password: known === 'known' ? 'refused' : 'notChecked',
      error: errorInfo('SessionCreationInvalidCredentials', { details }),
    });
    if (password === undefined) return fail('unknown', `${this.name} has no account ${user}.`);
    if (!credential) return { user: 'known', password: 'notChecked' };
    return password === 'accepted'
      ? { user: 'known', password }
      : fail('known', `The password of ${user} was refused.`);
  }

  /** A person signs in, or comes back to a session of theirs. @throws Error when there is no room or no such account. */
  signIn(user: string): void {
    const own = this.sessions.find((known) => known.userKey === this.keyOf(user));
    if (own) own.state = 'active';
    else if (!this.names.has(this.keyOf(user))) throw new Error(`${this.name} has no account ${user}.`);
    else if (this.isFull()) throw new Error(`${this.name} has no room for another session.`);
    else this.begin(user, { state: 'active' });
  }

  /** @throws Error when the user has no session, as every change of a session does. */
  lock(user: string): void {
    this.change(user, 'locked');
  }

  unlock(user: string): void {
    this.change(user, 'active');
  }

  disconnect(user: string): void {
    this.change(user, 'disconnected');
  }

  /** Ends every session of the user, also under a run. */
  signOff(user: string): void {
    this.sessionOf(user);
    this.end(
      this.sessions.filter(({ userKey }) => userKey === this.keyOf(user)),
      `${user} was signed off.`,
    );
  }

  /** All sessions are gone. */
  reboot(): void {
    this.end(this.sessions, `${this.name} was restarted.`);
  }

  /** From now on a sign-in takes so long, simulated ms; nothing: as at first. */
  slowDown(creationMs = this.options.sessionCreationMs ?? 0): void {
    this.creationMs = creationMs;
  }

  setPassword(user: string, password: 'accepted' | 'refused'): void {
    this.passwords.set(this.keyOf(user), password);
  }

  private async create(userKey: string, signal: AbortSignal | undefined): Promise<DesktopSession> {
    const { pace, sessionLimitMs = 10 * 60_000, os } = this.options;
    if (this.isFull()) {
      throw new SessionRefusedError('TooManyActiveSessions', `${this.name}: ${this.sessionsInWords()}`);
    }
    const name = this.names.get(userKey);
    // There from the start, so that no second run takes the last place meanwhile.
    const made = this.begin(userKey, { state: 'active', ofRun: true });
    const tooSlow = this.creationMs > sessionLimitMs;
    await pace.wait(Math.min(this.creationMs, sessionLimitMs), signal);
    const fail = (code: 'SessionCreationInvalidCredentials' | 'SessionCreationError', why: string): never => {
      this.end([made], why);
      throw new SessionRefusedError(code, `${this.name}: ${why}`);
    };
    if (signal?.aborted) fail('SessionCreationError', 'The run was stopped.');
    if (made.lost.signal.aborted) fail('SessionCreationError', String(made.lost.signal.reason));
    if (tooSlow) fail('SessionCreationError', `No desktop within ${sessionLimitMs / 1_000} s.`);
    if (name === undefined && os !== 'linux')
      fail('SessionCreationInvalidCredentials', `There is no account ${userKey}.`);
    if (this.passwords.get(userKey) === 'refused') {
      fail('SessionCreationInvalidCredentials', `The password of ${name ?? userKey} was refused.`);
    }
    return made;
  }

  private use(used: DesktopSession, atEnd: 'signOff' | 'lock' | 'leave'): SimulatedSession {
    used.busy = true;
    return session(used.user, used.lost.signal, async () => {
      used.busy = false;
      used.ofRun = false;
      if (atEnd === 'signOff') this.end([used], 'The run has ended.');
      else if (atEnd === 'lock') used.state = 'locked';
    });
  }

  private own(userKey: string, states: SessionState[]): DesktopSession {
    const found = this.sessions.find((known) => known.userKey === userKey && states.includes(known.state));
    if (!found)
      throw new SessionRefusedError('SessionNotFound', `${this.name} has no such session of ${userKey}.`);
    return found;
  }

  private begin(user: string, as: { state: SessionState; ofRun?: boolean }): DesktopSession {
    const { state, ofRun = false } = as;
    const userKey = this.keyOf(user);
    const made: DesktopSession = {
      user: this.names.get(userKey) ?? user,
      userKey,
      state,
      busy: false,
      ofRun,
      lost: new AbortController(),
    };
    this.sessions.push(made);
    return made;
  }

  private end(gone: readonly DesktopSession[], why: string): void {
    this.sessions = this.sessions.filter((known) => !gone.includes(known));
    for (const { lost } of gone) lost.abort(why);
  }

  private change(user: string, state: SessionState): void {
    this.sessionOf(user).state = state;
  }

  private sessionOf(user: string): DesktopSession {
    const found = this.sessions.find(({ userKey }) => userKey === this.keyOf(user));
    if (!found) throw new Error(`${user} has no session on ${this.name}.`);
    return found;
  }

  /** The account that any of its names means; who has none here is called by that name. */
  private keyOf(user: string): string {
    return this.keys.get(user.toLowerCase()) ?? user.toLowerCase();
  }

  /** Row G2: people's sessions count too. On Linux each run has an X session of its own beside them. */
  private isFull(): boolean {
    return this.options.os !== 'linux' && this.sessions.length >= this.sessionLimit;
  }

  private sessionsInWords(): string {
    if (this.sessions.length === 0) return 'nobody has a session.';
    return `${this.sessions.map(({ user, state }) => `${user} (${state})`).join(', ')}.`;
  }
}

/** SessionPort.accountOf: no user key has a colon. */
function accountId(key: string): string {
  return `account:${key}`;
}

function session(user: string, lost: AbortSignal, close: () => Promise<void>): SimulatedSession {
  return { user, lost, close, env: {}, spawn: (program, args, options) => spawn(program, args, options) };
}
