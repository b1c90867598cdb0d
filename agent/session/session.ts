import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { AccountCheck, MachineReport, SessionPlan } from '../../contracts/agent-protocol';
import type { ErrorCode } from '../../contracts/errors';
import type { HeldSession } from '../../contracts/console';
import type { Credential } from '../../contracts/sealed-credential';
import { AgentError } from '../errors';

/** What a session port knows of its machine (rows C6, C9, G1, G2). */
export type SessionReport = Pick<
  MachineReport,
  'os' | 'osVersion' | 'maxSessions' | 'rds' | 'multipleSessionsPerUser' | 'sessions'
> & {
  /** Default: this computer's. */
  hostname?: string;
};

/** Whose session it is to be. */
export interface Account {
  /** As the connection names it (contracts/user-name.ts); absent: whoever the agent itself runs as. */
  user?: string | undefined;
  /**
   * Opens the connection's credential, where it has one. Only the session port calls it, when it signs in, and keeps nothing.
   * @throws AgentError SessionCreationInvalidCredentials when it was not sealed for this machine and run.
   */
  credential?: (() => Credential) | undefined;
}

export interface SessionRequest extends Account {
  /** The run that it is for. */
  run?: string | undefined;
  mode: 'attended' | 'unattended';
  userKey: string;
  /** Rules of this run on this machine; absent where the control plane did not send any. */
  plan?: SessionPlan | undefined;
  /** Told each step in words, for the run's log (row C1). */
  tell?: ((step: string) => void) | undefined;
}

/** The machine has no session for the run. The run fails with the code's exact message; `message` says why, beside it. */
export class SessionRefusedError extends AgentError {
  constructor(
    override readonly code: ErrorCode,
    message: string,
  ) {
    super(code, message);
  }
}

/** The user whom a session belongs to, where that is not the agent's own. */
export interface SessionOwner {
  uid: number;
  gid: number;
}

/** A user session in which one run executes. */
export interface Session {
  /** Variables that programs of this session need, such as DISPLAY. With an `owner` these are all that they get of the agent. */
  env: Record<string, string>;
  /** Set where the session is another user's: the run's folder is given to that user for as long as the run goes on. */
  owner?: SessionOwner;
  /** Aborted when the session ends under the run, with the reason in words. */
  lost?: AbortSignal;
  /** The whole screen as PNG (row L8). @throws Error when there is none to see. */
  screenshot?(): Promise<Buffer>;
  /** Starts a program in this session, as the session's user. */
  spawn(program: string, args: string[], options: SpawnOptions): ChildProcess;
  /** Ends the use of the session: signs out, or locks where it is reused. */
  close(): Promise<void>;
}

/** How runs get a place to execute; one implementation per kind of machine. */
export interface SessionPort {
  report(): Promise<SessionReport>;
  /** @throws SessionRefusedError (rows C4–C9, E1). */
  open(request: SessionRequest): Promise<Session>;
  /** The account that a same-user key names here, in words that no key consists of; undefined where it names none. Never rejects. */
  accountOf?(userKey: string): Promise<string | undefined>;
  /** Row B9: whether runs could use the account here, as far as can be told without signing in. */
  check(account: Account): Promise<AccountCheck>;
  /** Called once, before any other: ends the sessions that an earlier process of the agent left, but for those that are kept for reuse. */
  recover?(): Promise<void>;
  /** The sessions that the agent holds; absent where it makes none. */
  held?(): HeldSession[];
  /**
   * Ends one of them; a run in it fails with `why`.
   * @returns false when it does not end, or there is none of this id.
   */
  endHeld?(id: string, why: string): Promise<boolean>;
}
