import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_SESSION, userKey } from '../../../contracts/user-name';
import type { AccountCheck } from '../../../contracts/agent-protocol';
import type { HeldSession } from '../../../contracts/console';
import { errorInfo } from '../../../contracts/errors';
import { messageOf } from '../../errors';
import type { Log } from '../../log';
import { ownProgram } from '../../own-program';
import { runTool, type RunTool } from '../../system/run-tool';
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
import { findAccount, signInProblem, type WindowsAccount } from './accounts';
import { BRIDGE } from './bridge';
import type { BridgeOrder } from './bridge-main';
import { readUserEnvironment } from './environment';
import { freeRdpInput, freeRdpProblem } from './free-rdp';
import {
  findFreeRdp,
  NO_FREE_RDP,
  startRdpClient,
  type RdpClient,
  type StartRdpClient,
} from './free-rdp-client';
import { captureScreen } from './screen';
import { heldSession, SessionRecords, type SessionRecord } from './session-record';
import { listSessions, lockCommand, signOffCommand, type WindowsSession } from './sessions';
import { readSystem } from './system';

export interface WindowsSessionOptions {
  dataDir: string;
  log: Log;
  /** Fewer sessions than Windows allows. */
  maxSessions?: number | undefined;
  /** Width and height of the screens, `1280x800` by default. */
  screen?: string | undefined;
  /** The system, replaced where there is no Windows. */
  system?: Partial<WindowsParts>;
}

/** All that the port does to Windows. */
export interface WindowsParts {
  run: RunTool;
  hostname: string;
  freeRdp: () => string | undefined;
  startClient: StartRdpClient;
  startBridge: (order: BridgeOrder, options: SpawnOptions) => ChildProcess;
  records: Pick<SessionRecords, 'load' | 'put' | 'remove' | 'used' | 'all'>;
  /** How often and how long it looks for a session to come or go; ms. */
  lookMs: number;
  patienceMs: number;
}

/** An account keeps its SID, but one of the same name may be made anew. */
const SID_KEPT_MS = 10 * 60_000;

/** SessionPort.accountOf: no user key has a colon. */
function sidAccount(sid: string): string {
  return `sid:${sid}`;
}

/** The built-in administrator of a machine or domain, whatever its name (Microsoft, "Well-known SIDs"). */
const ADMINISTRATOR = /^S-1-5-21-.*-500$/;

/**
 * Sessions of Windows for a service that runs as the system: unattended runs are signed in over Remote Desktop to this computer itself
 * (rows C1, C2, D1, D2), attended ones take part in the session at which their user sits (row E1). docs/adr/0006-windows-sessions.md
 */
export class WindowsSessions implements SessionPort {
  private readonly parts: WindowsParts;
  /** SIDs of names that were looked up lately: Windows takes a second for each. */
  private readonly sids = new Map<string, { sid: string; until: number }>();
  private readonly inUse = new SessionsInUse<number>();

  constructor(private readonly options: WindowsSessionOptions) {
    this.parts = {
      run: runTool,
      hostname: os.hostname(),
      freeRdp: findFreeRdp,
      startClient: startRdpClient,
      startBridge,
      records: new SessionRecords(options.dataDir),
      lookMs: 1_000,
      patienceMs: 90_000,
      ...options.system,
    };
  }

  /** Signs off what a killed agent left in the middle of a run; locked sessions stay for the next one. */
  async recover(): Promise<void> {
    const { records, run } = this.parts;
    const left = (await records.load()).filter(({ state }) => state === 'used');
    if (left.length === 0) return;
    const there = await listSessions(run);
    for (const { id, sid } of left) {
      if (there.some((session) => session.id === id && session.sid === sid)) await this.signOff(id);
      await records.remove(id);
    }
  }

  async report(): Promise<SessionReport> {
    const { run, records, hostname } = this.parts;
    const [{ problem: _, ...system }, sessions] = await Promise.all([readSystem(run), listSessions(run)]);
    return {
      ...system,
      maxSessions: Math.min(system.maxSessions, this.options.maxSessions ?? Infinity),
      // A run's own session is left out while the run goes on: the control plane counts it by its grant.
      sessions: sessions
        .filter(({ id }) => !records.used(id))
        .map(({ user, account = user, sid, state }) => ({
          user: account,
          userKey: userKey(account),
          aliases: namesOf(account, hostname).map(userKey),
          ...(sid === undefined ? {} : { account: sidAccount(sid) }),
          state,
        })),
    };
  }

  async accountOf(key: string): Promise<string | undefined> {
    // The agent's own session is that of the system.
    if (key === AGENT_SESSION) return undefined;
    const known = this.sids.get(key);
    if (known && known.until > performance.now()) return sidAccount(known.sid);
    const found = await findAccount(this.parts.run, key, this.parts.hostname).catch((error: unknown) => {
      this.options.log.warn(`"${key}" could not be looked up: ${messageOf(error)}`);
      return undefined;
    });
    this.sids.delete(key);
    if (!found) return undefined;
    this.sids.set(key, { sid: found.sid, until: performance.now() + SID_KEPT_MS });
    return sidAccount(found.sid);
  }

  async open(request: SessionRequest): Promise<Session> {
    const { run, hostname } = this.parts;
    const { user, mode } = request;
    if (user === undefined || request.userKey === AGENT_SESSION) return agentSession();
    const account = await findAccount(run, user, hostname);
    if (!account) {
      const code = mode === 'attended' ? 'AttendedUserNotLoggedIn' : 'SessionCreationInvalidCredentials';
      throw new SessionRefusedError(code, `Windows knows no account "${user}" here.`);
    }
    if (ADMINISTRATOR.test(account.sid))
      throw new SessionRefusedError('ElevationNotAllowed', `"${user}" is the built-in administrator.`);
    const [system, sessions] = await Promise.all([readSystem(run), listSessions(run)]);
    const plan = request.plan ?? planWithoutTerms(system.os, mode);
    // Accounts are compared by SID, never by name (row E1). Whose SID is unknown is somebody else.
    const known = sessions.map(({ id, sid, state }) => ({ userKey: sid ?? `session ${id}`, state }));
    const cell = sessionCase(plan, known, account.sid);
    const own = sessions.filter(({ sid }) => sid === account.sid);
    if (cell === 'attach') return this.attach(account, own);
    if (cell !== 'create' && cell !== 'reuse') {
      const states = own.map(({ id, state }) => `${id} ${state}`).join(', ') || 'none';
      throw new SessionRefusedError(
        cell,
        `Sessions of ${account.account} here: ${states}; of others: ${sessions.length - own.length}.`,
      );
    }
    if (system.problem) throw new SessionRefusedError('SessionCreationError', system.problem);
    // Row G2: the last word, should another session have begun since the decision.
    if (cell === 'create' && sessions.length >= system.maxSessions)
      throw new SessionRefusedError(
        'TooManyActiveSessions',
        `There are ${sessions.length} sessions of ${system.maxSessions}.`,
      );
    return this.signIn(account, request, plan.atEnd);
  }

  held(): HeldSession[] {
    return this.parts.records.all().map(heldSession);
  }

  async endHeld(id: string, why: string): Promise<boolean> {
    const { records, run } = this.parts;
    const known = (): SessionRecord | undefined => records.all().find((record) => String(record.id) === id);
    if (!known()) return false;
    await this.inUse.take(Number(id), why);
    const left = known();
    if (!left) return true;
    // Its number may be that of somebody else's session by now.
    const there = (await listSessions(run)).some(
      (session) => session.id === left.id && session.sid === left.sid,
    );
    const gone = !there || (await this.signOff(left.id));
    if (gone) await records.remove(left.id);
    return gone;
  }

  /** Row B9. */
  async check({ user, credential }: Account): Promise<AccountCheck> {
    const { run, hostname } = this.parts;
    if (user === undefined) return { user: 'known', password: 'notChecked' };
    const account = await findAccount(run, user, hostname);
    if (!account) {
      const details = `Windows knows no account "${user}" here.`;
      return {
        user: 'unknown',
        password: 'notChecked',
        error: errorInfo('SessionCreationInvalidCredentials', { details }),
      };
    }
    const known = { user: 'known', userId: account.sid } as const;
    if (!credential) return { ...known, password: 'notChecked' };
    const problem = await signInProblem(run, account, credential().password);
    if (!problem) return { ...known, password: 'accepted' };
    const refused = problem.code === 'SessionCreationInvalidCredentials';
    const error = errorInfo(problem.code, { details: problem.message });
    return { ...known, password: refused ? 'refused' : 'notChecked', error };
  }

  private async attach(account: WindowsAccount, own: readonly WindowsSession[]): Promise<Session> {
    if (!own.some(({ state }) => state === 'active'))
      throw new SessionRefusedError('SessionNotFound', `${account.account} has just left.`);
    return { ...(await this.place(account)), close: async () => undefined };
  }

  private async signIn(
    account: WindowsAccount,
    { run: ofRun, credential, tell = () => undefined }: SessionRequest,
    atEnd: 'signOff' | 'lock' | 'leave',
  ): Promise<Session> {
    const { run, freeRdp, startClient, records } = this.parts;
    const program = freeRdp();
    if (program === undefined) throw new SessionRefusedError('SessionCreationError', NO_FREE_RDP);
    if (!credential)
      throw new SessionRefusedError(
        'SessionCreationInvalidCredentials',
        `The connection has no password for ${account.account}.`,
      );
    const { password } = credential();
    const problem = await signInProblem(run, account, password);
    if (problem) throw new SessionRefusedError(problem.code, problem.message);
    const input = freeRdpInput({
      account: account.account,
      password,
      screen: this.options.screen ?? '1280x800',
    });
    const client = startClient(program, input);
    const session = await this.arrival(account, client);
    await records.put({
      id: session.id,
      sid: account.sid,
      account: account.account,
      state: 'used',
      run: ofRun,
    });
    tell(`Signed in ${account.account}, session ${session.id}.`);
    const lost = new AbortController();
    let closing = false;
    void client.ended.then(() => {
      if (!closing) lost.abort(`The screen of session ${session.id} was taken away.`);
    });
    const place = await this.place(account);
    const leave = this.inUse.enter(session.id, lost);
    return {
      ...place,
      lost: lost.signal,
      close: async () => {
        closing = true;
        // A session whose screen was taken is somebody's now, or gone: it is signed off all the same, for the run is over.
        try {
          tell(await this.leave(account, session.id, atEnd === 'lock' && !lost.signal.aborted));
        } finally {
          client.end();
          leave();
        }
      },
    };
  }

  /** Waits until the user is signed in. @throws SessionRefusedError when the client ends before, or it takes too long. */
  private async arrival(account: WindowsAccount, client: RdpClient): Promise<WindowsSession> {
    const { run, lookMs, patienceMs } = this.parts;
    let said: string | undefined;
    void client.ended.then((text) => (said = text));
    for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(lookMs)) {
      const found = (await listSessions(run)).find(
        ({ sid, state }) => sid === account.sid && state === 'active',
      );
      if (found) return found;
      if (said !== undefined) {
        const { code, message } = freeRdpProblem(said, account.account);
        throw new SessionRefusedError(code, message);
      }
    }
    client.end();
    throw new SessionRefusedError(
      'SessionCreationError',
      `${account.account} was not signed in within ${patienceMs / 1000} s.`,
    );
  }

  private async place(account: WindowsAccount): Promise<Pick<Session, 'env' | 'spawn' | 'screenshot'>> {
    const env = await readUserEnvironment(this.parts.run, account);
    const start = (program: string, args: string[], options: SpawnOptions): ChildProcess =>
      this.parts.startBridge(this.order(account, [program, ...args], options), options);
    return { env, spawn: start, screenshot: () => captureScreen(start) };
  }

  private order(
    { sid }: WindowsAccount,
    [program = '', ...args]: string[],
    options: SpawnOptions,
  ): BridgeOrder {
    const { dataDir } = this.options;
    const cwd = typeof options.cwd === 'string' ? options.cwd : undefined;
    const env = Object.entries(options.env ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const secret = randomBytes(32).toString('hex');
    const pipe = `\\\\.\\pipe\\attendant-${randomBytes(16).toString('hex')}`;
    return {
      job: {
        pipe,
        secret,
        program,
        args,
        cwd:
          cwd ?? path.win32.join(env.find(([name]) => name === 'SystemRoot')?.[1] ?? 'C:\\Windows', 'Temp'),
        env: Object.fromEntries(env),
      },
      sid,
      change: cwd === undefined ? [] : [path.dirname(cwd)],
      read: [path.join(dataDir, 'packages')],
    };
  }

  /** @returns what has become of the session, in words. */
  private async leave({ account, sid }: WindowsAccount, id: number, lock: boolean): Promise<string> {
    const { run, records } = this.parts;
    if (lock) {
      const [program, ...args] = lockCommand(id);
      const { code, stderr } = await run(program, args);
      if (code === 0) {
        await records.put({ id, sid, account, state: 'kept' });
        return `Locked the session of ${account}.`;
      }
      this.options.log.warn(`Session ${id} of ${account} cannot be locked: ${stderr.trim()}`);
    }
    const gone = await this.signOff(id);
    if (gone) await records.remove(id);
    return gone ? `Signed off ${account}.` : `Session ${id} of ${account} does not end.`;
  }

  private async signOff(id: number): Promise<boolean> {
    const { run, lookMs, patienceMs } = this.parts;
    const [program, ...args] = signOffCommand(id);
    await run(program, args);
    for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(lookMs))
      if (!(await listSessions(run)).some((session) => session.id === id)) return true;
    this.options.log.warn(`Session ${id} was asked to sign off and is still there.`);
    return false;
  }
}

/** Other names of an account: a local one may be written in several ways, that of a domain in one. */
function namesOf(account: string, hostname: string): string[] {
  const [domain = '', user = ''] = account.split('\\');
  return domain.toLowerCase() === hostname.toLowerCase() ? [user, `.\\${user}`] : [];
}

const startBridge: WindowsParts['startBridge'] = (order, options) => {
  const [program = '', ...args] = ownProgram('session-bridge');
  const env = { ...process.env, [BRIDGE]: JSON.stringify(order) };
  return spawn(program, args, { ...options, cwd: undefined, env });
};

/** For runs whose connection names nobody: they execute as the agent itself does. */
function agentSession(): Session {
  return {
    env: {},
    spawn: (program, args, options) => spawn(program, args, options),
    close: async () => undefined,
  };
}
