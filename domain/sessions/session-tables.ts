import type { MachineReport, OsFamily } from '../../contracts/agent-protocol';
import type { ErrorCode } from '../../contracts/errors';

/** The session of the run's own user on the machine; of several the most alive one counts. */
export type OwnSession = 'none' | 'active' | 'locked' | 'disconnected';

/** What the run does about a session, or the code it is refused with. */
export type SessionCell = 'attach' | 'create' | 'reuse' | SessionRefusal;

export type SessionRefusal = Extract<
  ErrorCode,
  | 'Win10AlreadyHasActiveSession'
  | 'SessionExistsForTheUserWhenUnattended'
  | 'AttendedUserNotLoggedIn'
  | 'AttendedUserSessionNotActive'
  | 'SessionReuseNotPossible'
>;

/** `attended`; `fresh` = unattended with reuse off (D1); `reuse` = unattended with reuse on (D2). */
export type SessionUse = 'attended' | 'fresh' | 'reuse';

/** One row: [nobody else has a session on the machine, somebody else has]. */
type Row = readonly [SessionCell, SessionCell];
type SessionTable = Readonly<Record<SessionUse, Readonly<Record<OwnSession, Row>>>>;

const C4 = 'Win10AlreadyHasActiveSession';
const C5 = 'SessionExistsForTheUserWhenUnattended';
const both = (cell: SessionCell): Row => [cell, cell];

/** Row E1, alike everywhere: other people's sessions do not matter. */
const attended = {
  none: both('AttendedUserNotLoggedIn'),
  active: both('attach'),
  locked: both('AttendedUserSessionNotActive'),
  disconnected: both('AttendedUserSessionNotActive'),
} as const;

/** Windows 10 and 11 (rows C4, D1–D3): one desktop; any session blocks, but for a sleeping one of the user with reuse on. */
const windowsClient: SessionTable = {
  attended,
  //              nobody else  somebody else
  fresh: {
    none: /*      */ ['create', C4],
    active: /*    */ [C4, C4],
    locked: /*    */ [C4, C4],
    disconnected: [C4, C4],
  },
  reuse: {
    none: /*      */ ['create', C4],
    active: /*    */ [C4, C4],
    locked: /*    */ ['reuse', C4],
    disconnected: ['reuse', C4],
  },
};

/** Windows Server (rows C5, C9, D1, D2): only the user's own session counts here; the number of sessions is row G2. */
const windowsServer: SessionTable = {
  attended,
  fresh: { none: both('create'), active: both(C5), locked: both(C5), disconnected: both(C5) },
  reuse: { none: both('create'), active: both(C5), locked: both('reuse'), disconnected: both('reuse') },
};

/** Linux (row C6): each unattended run has an X session of its own, so nothing blocks it; with reuse on it gets the one that the last run left locked. */
const linux: SessionTable = {
  attended,
  fresh: {
    none: both('create'),
    active: both('create'),
    locked: both('create'),
    disconnected: both('create'),
  },
  reuse: {
    none: both('create'),
    active: both('create'),
    locked: both('reuse'),
    disconnected: both('create'),
  },
};

export type OsKind = 'windowsClient' | 'windowsServer' | 'linux';

const kinds: Readonly<Record<OsFamily, OsKind>> = {
  windows10: 'windowsClient',
  windows11: 'windowsClient',
  server2016: 'windowsServer',
  server2019: 'windowsServer',
  server2022: 'windowsServer',
  linux: 'linux',
};

const tables: Readonly<Record<OsKind, SessionTable>> = { windowsClient, windowsServer, linux };

export function osKind(os: OsFamily): OsKind {
  return kinds[os];
}

/** The cell of row C9's table. Reuse where a user may hold several sessions is refused (row D5). */
export function sessionCell(situation: {
  os: OsFamily;
  use: SessionUse;
  own: OwnSession;
  others: boolean;
  multipleSessionsPerUser: boolean;
}): SessionCell {
  const kind = osKind(situation.os);
  if (situation.use === 'reuse' && situation.multipleSessionsPerUser && kind !== 'linux') {
    return 'SessionReuseNotPossible';
  }
  return tables[kind][situation.use][situation.own][situation.others ? 1 : 0];
}

/** Runs that the machine executes at once: 1 on Windows 10/11, two without Remote Desktop Services on a server (rows F1, G1, G2). */
export function parallelRuns(machine: Pick<MachineReport, 'os' | 'maxSessions' | 'rds'>): number {
  const kind = osKind(machine.os);
  if (kind === 'windowsClient') return 1;
  return kind === 'windowsServer' && !machine.rds ? Math.min(2, machine.maxSessions) : machine.maxSessions;
}
