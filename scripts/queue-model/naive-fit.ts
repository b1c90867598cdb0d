import type { MachineReport } from '../../contracts/agent-protocol';

export interface NaiveRun {
  run: string;
  owner: string;
  requestedMs: number;
  deadlineMs: number;
  arrival: number;
  priority: 'high' | 'normal' | 'low';
  mode: 'attended' | 'unattended';
  userKey: string;
  pinned: string | undefined;
  waits: boolean;
  top: number;
  refusedUntil: Map<string, number>;
  /** Machines whose last refusal was for another run of the same user there. */
  refusedForUser: Set<string>;
  held: { machine: string; epoch: number; n: number; stoppingMs: number | undefined } | undefined;
}

export interface NaiveMachine {
  machine: string;
  epoch: number;
  online: boolean;
  presenceSeq: number;
  reportSeq: number;
  maintenance: boolean;
  moving: boolean;
  move: number;
  report: MachineReport;
  accounts: Map<string, string>;
}

/** The rows C4, C5, C9, D1–D5, E1, F1, G1–G3 once more, written as the text says them. `there`: the runs that hold the machine. */
export function naiveFit(
  run: NaiveRun,
  machine: NaiveMachine,
  world: { there: NaiveRun[]; reuse: boolean; maintenance: boolean; now: number },
): 'yes' | 'refused' | 'later' | 'closed' {
  const { report } = machine;
  const { sessions } = report;
  if (!machine.online || machine.maintenance || machine.moving || world.maintenance) return 'closed';
  if ((run.refusedUntil.get(machine.machine) ?? 0) > world.now) return 'later';
  const slots = naiveSlots(report);
  if (world.there.length >= slots) return 'later';
  const idOf = (key: string) => machine.accounts.get(key) ?? key;
  if (world.there.some((other) => idOf(other.userKey) === idOf(run.userKey))) return 'later';
  const own = sessions.filter((session) => isOf(session, run.userKey, idOf));
  const ownActive = own.some((session) => session.state === 'active');
  if (run.mode === 'attended') return ownActive ? 'yes' : 'refused';
  if (report.os === 'linux') return 'yes';
  if (world.reuse && report.multipleSessionsPerUser) return 'refused';
  if (report.os === 'windows10' || report.os === 'windows11') {
    if (sessions.length === 0) return 'yes';
    return world.reuse && own.length === sessions.length && !ownActive ? 'yes' : 'refused';
  }
  if (own.length > 0) return world.reuse && !ownActive ? 'yes' : 'refused';
  const starting = world.there.filter((other) => !sessions.some((s) => isOf(s, other.userKey, idOf)));
  return sessions.length + starting.length < slots ? 'yes' : 'later';
}

function isOf(
  session: MachineReport['sessions'][number],
  userKey: string,
  idOf: (key: string) => string,
): boolean {
  return session.userKey === userKey || session.account === idOf(userKey);
}

export function naiveSlots(report: MachineReport): number {
  if (report.os === 'windows10' || report.os === 'windows11') return 1;
  if (report.os === 'linux' || report.rds) return report.maxSessions;
  return Math.min(2, report.maxSessions);
}
