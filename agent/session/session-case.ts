import type { OsFamily, SessionPlan } from '../../contracts/agent-protocol';

export type OwnSession = keyof SessionPlan['cases'];
export type SessionCell = SessionPlan['cases'][OwnSession][number];

/** Looks up what the plan says for the sessions that the machine has right now (row C9). A vanished session is `none` (row D6). */
export function sessionCase(
  plan: SessionPlan,
  sessions: readonly { userKey: string; state: Exclude<OwnSession, 'none'> }[],
  userKey: string,
): SessionCell {
  const own = sessions.filter((session) => session.userKey === userKey).map(({ state }) => state);
  // Of several sessions of the user the most alive one counts.
  const state =
    (['active', 'locked', 'disconnected'] as const).find((known) => own.includes(known)) ?? 'none';
  return plan.cases[state][sessions.some((session) => session.userKey !== userKey) ? 1 : 0];
}

/**
 * The rules where the control plane sent none: as if reusing sessions were off.
 * Rows C4 (clients), C5 (servers), C6 (Linux), D1, E1.
 */
export function planWithoutTerms(os: OsFamily, mode: 'attended' | 'unattended'): SessionPlan {
  const both = (cell: SessionCell): [SessionCell, SessionCell] => [cell, cell];
  if (mode === 'attended') {
    const asleep = both('AttendedUserSessionNotActive');
    const cases = {
      none: both('AttendedUserNotLoggedIn'),
      active: both('attach'),
      locked: asleep,
      disconnected: asleep,
    };
    return { cases, atEnd: 'leave' };
  }
  const client = os === 'windows10' || os === 'windows11';
  const blocked: SessionCell = client
    ? 'Win10AlreadyHasActiveSession'
    : os === 'linux'
      ? 'create'
      : 'SessionExistsForTheUserWhenUnattended';
  const none: [SessionCell, SessionCell] = client ? ['create', blocked] : both('create');
  const own = both(blocked);
  return { cases: { none, active: own, locked: own, disconnected: own }, atEnd: 'signOff' };
}
