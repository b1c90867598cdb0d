import type { MachineReport } from '../../contracts/agent-protocol';
import type { QueueReply } from './messages';
import { markStopping } from './leases';
import { tell } from './outbox';
import { forgetRefusals } from './runs';
import type { Machine, QueueState } from './state';
import { findMachine, sessionFacts } from './state';

/** Online or offline, unless something later is known (rule 11). */
export function presence(
  state: QueueState,
  command: { machine: string; epoch: number; online: boolean; seq: number },
): QueueReply {
  const machine = seen(state, command.machine, command.epoch);
  if (machine.kind !== 'machine') return machine;
  if (command.seq < machine.presenceSeq) return { kind: 'old' };
  replaceMachine(state, { ...machine.known, online: command.online, presenceSeq: command.seq });
  if (command.online) forgetRefusals(state, command.machine);
  if (machine.known.online !== command.online) {
    tell(state, {
      what: 'machine',
      machine: command.machine,
      change: command.online ? 'online' : 'offline',
    });
  }
  return { kind: 'ok' };
}

/** What the agent says of its machine: sessions, capacity. */
export function report(
  state: QueueState,
  command: { machine: string; epoch: number; seq: number; report: MachineReport },
): QueueReply {
  const machine = seen(state, command.machine, command.epoch);
  if (machine.kind !== 'machine') return machine;
  if (command.seq < machine.known.reportSeq) return { kind: 'old' };
  replaceMachine(state, {
    ...machine.known,
    facts: sessionFacts(command.report),
    reportSeq: command.seq,
  });
  forgetRefusals(state, command.machine);
  tell(state, { what: 'machine', machine: command.machine, change: 'reported' });
  return { kind: 'ok' };
}

/** Accounts that are remembered of each machine. */
const KEPT_ACCOUNTS = 200;

/** Row E1: the machine has told whom a user key names there, so that one user under two names is known as one. */
export function account(
  state: QueueState,
  command: { machine: string; epoch: number; userKey: string; id: string },
): QueueReply {
  const machine = seen(state, command.machine, command.epoch);
  if (machine.kind !== 'machine') return machine;
  const { [command.userKey]: before, ...others } = machine.known.accounts ?? {};
  if (before === command.id) return { kind: 'ok' };
  const kept = Object.entries(others).slice(-(KEPT_ACCOUNTS - 1));
  const accounts = { ...Object.fromEntries(kept), [command.userKey]: command.id };
  replaceMachine(state, { ...machine.known, accounts });
  tell(state, { what: 'machine', machine: command.machine, change: 'resolved an account' });
  return { kind: 'ok' };
}

function seen(
  state: QueueState,
  id: string,
  epoch: number,
): QueueReply | { kind: 'machine'; known: Machine; presenceSeq: number } {
  const known = findMachine(state, id);
  if (!known) return { kind: 'refused', code: 'NoSuchMachine', detail: `This queue has no machine ${id}.` };
  if (epoch < known.epoch) return { kind: 'old' };
  const current = epoch > known.epoch ? registeredAnew(state, known, epoch) : known;
  return { kind: 'machine', known: current, presenceSeq: current.presenceSeq };
}

/**
 * The machine has registered anew: its sequence numbers start again, and nobody knows what the former registration's agent
 * still does. Its grants keep the machine until their runs are reported, silent for long, or released by hand.
 */
export function registeredAnew(state: QueueState, machine: Machine, epoch: number): Machine {
  const renewed = { ...machine, epoch, presenceSeq: 0, reportSeq: 0, accounts: {} };
  replaceMachine(state, renewed);
  for (const grant of state.grants) {
    if (grant.machine === machine.machine && grant.fence.epoch < epoch) markStopping(state, grant);
  }
  tell(state, { what: 'machine', machine: machine.machine, change: 'registered anew' });
  return renewed;
}

export function replaceMachine(state: QueueState, machine: Machine): void {
  state.machines = state.machines.map((other) => (other.machine === machine.machine ? machine : other));
}
