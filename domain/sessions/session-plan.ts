import type { OsFamily, SessionPlan } from '../../contracts/agent-protocol';
import { sessionUse } from './decide-session';
import type { OwnSession } from './session-tables';
import { sessionCell } from './session-tables';

/** What the queue knew of the machine when it granted it. */
export interface SessionTerms {
  os: OsFamily;
  /** Setting of the machine or group (rows D3, D4). */
  reuse: boolean;
  multipleSessionsPerUser: boolean;
}

const own: readonly OwnSession[] = ['none', 'active', 'locked', 'disconnected'];

/** The rules of one run on one machine as data, for the agent (rows C9, D1–D6, E1). */
export function sessionPlan(
  run: { mode: 'attended' | 'unattended'; overGateway?: boolean },
  terms: SessionTerms,
): SessionPlan {
  const { os, reuse, multipleSessionsPerUser } = terms;
  const use = sessionUse({ mode: run.mode, reuse });
  const cell = (state: OwnSession, others: boolean) =>
    sessionCell({ os, use, own: state, others, multipleSessionsPerUser });
  const cases = Object.fromEntries(own.map((state) => [state, [cell(state, false), cell(state, true)]]));
  const plan: SessionPlan = { cases: cases as SessionPlan['cases'], atEnd: endOf(use) };
  // Row B4: over a gateway whoever is signed in must be the connection's user.
  if (run.overGateway && use === 'attended') plan.cases.none[1] = 'WindowsIdentityIncorrect';
  return plan;
}

function endOf(use: ReturnType<typeof sessionUse>): SessionPlan['atEnd'] {
  if (use === 'attended') return 'leave';
  return use === 'reuse' ? 'lock' : 'signOff';
}
