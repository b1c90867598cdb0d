import type { MachineReport } from '../../contracts/agent-protocol';
import { AGENT_SESSION } from '../../contracts/user-name';
import type { OwnSession, SessionRefusal, SessionUse } from './session-tables';
import { osKind, parallelRuns, sessionCell } from './session-tables';

/** What the rules need to know of a machine. */
export type SessionFacts = Pick<MachineReport, 'os' | 'maxSessions' | 'rds' | 'multipleSessionsPerUser'> & {
  sessions: readonly (KnownAccount & { state: 'active' | 'locked' | 'disconnected' })[];
};

/** An account under each name that a connection may give it. */
interface KnownAccount {
  userKey: string;
  aliases?: readonly string[] | undefined;
  /** The account's id on its machine. */
  account?: string | undefined;
}

/** Ids of the accounts that user keys name on a machine, as far as it has told (row E1). */
export type Accounts = Readonly<Record<string, string>>;

/** Row E1: whether the key names this account. */
export function isAccount(
  { userKey, aliases = [], account }: KnownAccount,
  key: string,
  accounts: Accounts = {},
): boolean {
  return userKey === key || aliases.includes(key) || (account !== undefined && account === accounts[key]);
}

/** Row E1: whether two keys are one user's; until the machine has told their ids, the same string is. */
export function sameUser(accounts: Accounts, a: string, b: string): boolean {
  return a === b || (accounts[a] !== undefined && accounts[a] === accounts[b]);
}

export interface SessionQuestion {
  facts: SessionFacts;
  accounts?: Accounts | undefined;
  mode: 'attended' | 'unattended';
  userKey: string;
  /** Setting of the machine or group (D3, D4). */
  reuse: boolean;
  /** User keys of the runs that hold the machine now. */
  runningUsers: readonly string[];
}

export type SessionDecision =
  | { kind: 'attach' }
  | { kind: 'create' }
  | { kind: 'reuse' }
  /** user: row G3. slot: rows F1, G4. session: row G2, people's sessions fill the machine. */
  | { kind: 'wait'; reason: 'user' | 'slot' | 'session' }
  | { kind: 'refuse'; code: SessionRefusal };

/**
 * Can this run start on this machine now, and in which session (rows C4, C5, C7–C9, D1–D6, E1, G1–G3)? Total: every question has an
 * answer. A run of no user uses the session of the agent, which no other session blocks.
 */
export function decideSession(question: SessionQuestion): SessionDecision {
  const { facts, runningUsers, userKey, accounts = {} } = question;
  if (runningUsers.length >= parallelRuns(facts)) return { kind: 'wait', reason: 'slot' };
  if (runningUsers.some((other) => sameUser(accounts, other, userKey)))
    return { kind: 'wait', reason: 'user' };
  if (userKey === AGENT_SESSION) return { kind: 'attach' };
  const cell = sessionCell({
    os: facts.os,
    use: sessionUse(question),
    own: ownSession(question),
    others: facts.sessions.some((session) => !isAccount(session, userKey, accounts)),
    multipleSessionsPerUser: facts.multipleSessionsPerUser,
  });
  if (cell === 'create' && sessionsFull(question)) return { kind: 'wait', reason: 'session' };
  if (cell === 'attach' || cell === 'create' || cell === 'reuse') return { kind: cell };
  return { kind: 'refuse', code: cell };
}

export function sessionUse(run: { mode: 'attended' | 'unattended'; reuse: boolean }): SessionUse {
  if (run.mode === 'attended') return 'attended';
  return run.reuse ? 'reuse' : 'fresh';
}

function ownSession({ facts, userKey, accounts }: SessionQuestion): OwnSession {
  const own = facts.sessions.filter((session) => isAccount(session, userKey, accounts));
  const states = own.map(({ state }) => state);
  for (const state of ['active', 'locked', 'disconnected'] as const) if (states.includes(state)) return state;
  return 'none';
}

/** Row G2: on a server all sessions count, people's too, and those that running runs have yet to create. */
function sessionsFull({ facts, runningUsers, accounts }: SessionQuestion): boolean {
  if (osKind(facts.os) !== 'windowsServer') return false;
  const coming = runningUsers.filter(
    (user) => !facts.sessions.some((session) => isAccount(session, user, accounts)),
  ).length;
  return facts.sessions.length + coming >= parallelRuns(facts);
}
