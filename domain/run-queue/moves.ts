import type { JoiningMachine, QueueReply, QueueSettings } from './messages';
import { emit, tell } from './outbox';
import { refusedSettings, reuseNotPossible } from './people';
import { registeredAnew, replaceMachine } from './presence';
import type { Machine, QueueState } from './state';
import { findMachine, sessionFacts } from './state';

/** In place of a queue: the machine was deleted, and runs that wait for it alone end. */
export const DELETED = 'deleted';

/**
 * A machine joins, or comes back before it was forgotten. Moves are numbered and older ones are ignored (rule 8); the
 * machine brings its last fence number and presence (rule 11).
 */
export function attach(
  state: QueueState,
  command: { move: number; joining: JoiningMachine; settings?: Partial<QueueSettings> | undefined },
): QueueReply {
  const { move, joining } = command;
  const known = findMachine(state, joining.machine);
  const last = Math.max(known?.move ?? 0, state.forgotten[joining.machine]?.move ?? 0);
  if (known && move === known.move) {
    if (joining.epoch > known.epoch) registeredAnew(state, known, joining.epoch);
    return joining.epoch < known.epoch ? { kind: 'old' } : { kind: 'ok' };
  }
  if (move <= last) return { kind: 'old' };
  const refusal = refusedAttach(state, command, known);
  if (refusal) {
    if (!known) rememberRefused(state, command);
    return refusal;
  }
  if (command.settings) state.settings = { ...state.settings, ...command.settings };
  if (known) comeBack(state, known, command);
  else join(state, command);
  const { [joining.machine]: _back, ...others } = state.forgotten;
  state.forgotten = others;
  tell(state, { what: 'machine', machine: joining.machine, change: 'attached' });
  return { kind: 'ok' };
}

function refusedAttach(
  state: QueueState,
  { joining, settings }: { joining: JoiningMachine; settings?: Partial<QueueSettings> | undefined },
  known: Machine | undefined,
): QueueReply | undefined {
  if (!known && state.machines.length >= state.settings.maxMachines) {
    return {
      kind: 'refused',
      code: 'GroupIsFull',
      detail: `The group has ${state.machines.length} machines and takes no more than ${state.settings.maxMachines}.`,
    };
  }
  const reuse = settings?.reuseSession ?? state.settings.reuseSession;
  if (!known && reuse && joining.report.multipleSessionsPerUser) return reuseNotPossible(joining.machine);
  return settings && refusedSettings(state, settings);
}

/** A late repeat of a refused attach must not find room and take a machine that went elsewhere. */
function rememberRefused(
  state: QueueState,
  { move, joining: { machine } }: { move: number; joining: JoiningMachine },
): void {
  const target = state.forgotten[machine]?.target ?? '';
  state.forgotten = { ...state.forgotten, [machine]: { move, target } };
}

function comeBack(
  state: QueueState,
  known: Machine,
  { move, joining }: { move: number; joining: JoiningMachine },
): void {
  const current = joining.epoch > known.epoch ? registeredAnew(state, known, joining.epoch) : known;
  replaceMachine(state, {
    ...current,
    detaching: false,
    move,
    lastN: Math.max(current.lastN, joining.lastN),
  });
}

function join(state: QueueState, { move, joining }: { move: number; joining: JoiningMachine }): void {
  state.machines.push({
    machine: joining.machine,
    epoch: joining.epoch,
    lastN: joining.lastN,
    online: joining.online,
    presenceSeq: joining.presenceSeq,
    reportSeq: joining.reportSeq ?? 0,
    maintenance: joining.maintenance ?? false,
    detaching: false,
    move,
    facts: sessionFacts(joining.report),
    ...(joining.accounts ? { accounts: joining.accounts } : {}),
  });
}

/** Nothing more is granted on the machine. To be repeated until `busy` is 0: then the answer holds what `attach` needs. */
export function detach(state: QueueState, { move, machine }: { move: number; machine: string }): QueueReply {
  const known = findMachine(state, machine);
  if (!known) {
    return { kind: 'refused', code: 'NoSuchMachine', detail: `This queue has no machine ${machine}.` };
  }
  if (move < known.move) return { kind: 'old' };
  if (!known.detaching || move > known.move) {
    replaceMachine(state, { ...known, detaching: true, move });
    tell(state, { what: 'machine', machine, change: 'detaching' });
  }
  return detached(state, known);
}

function detached(state: QueueState, machine: Machine): QueueReply {
  return {
    kind: 'detached',
    busy: state.grants.filter((grant) => grant.machine === machine.machine).length,
    lastN: machine.lastN,
    epoch: machine.epoch,
    online: machine.online,
    presenceSeq: machine.presenceSeq,
    reportSeq: machine.reportSeq,
    maintenance: machine.maintenance,
    ...(machine.accounts ? { accounts: machine.accounts } : {}),
    reuseSession: state.settings.reuseSession,
  };
}

/**
 * Ends a move at its source: only on a detached machine that nothing holds (rule 8). Runs pinned to it are told where it
 * went; their owners request there (rule 9).
 */
export function forget(
  state: QueueState,
  { move, machine, target }: { move: number; machine: string; target: string },
): QueueReply {
  const known = findMachine(state, machine);
  if (!known) return { kind: (state.forgotten[machine]?.move ?? 0) > move ? 'old' : 'ok' };
  if (known.move !== move || !known.detaching) return { kind: 'old' };
  if (state.grants.some((grant) => grant.machine === machine)) return detached(state, known);
  state.machines = state.machines.filter((other) => other !== known);
  state.forgotten = { ...state.forgotten, [machine]: { move, target } };
  for (const entry of state.entries) {
    if (entry.cls.pinned === machine) emit(state, { kind: 'moved', owner: entry.owner, target, move });
  }
  state.entries = state.entries.filter((entry) => entry.cls.pinned !== machine);
  tell(state, {
    what: 'machine',
    machine,
    change: target === DELETED ? 'deleted' : `moved to ${target}`,
  });
  return { kind: 'ok' };
}
