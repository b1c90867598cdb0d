import type { Priority } from '../../contracts/runs';
import type { QueueReply, QueueSettings } from './messages';
import { changeEntry } from './ordering';
import { tell } from './outbox';
import type { QueueState } from './state';
import { findMachine, sharedClass } from './state';

/** Most entries that a queue may be set to hold (row F8). */
export const MOST_ENTRIES = 2_000;

const notQueued = (run: string): QueueReply => ({
  kind: 'refused',
  code: 'NotQueued',
  detail: `Run ${run} does not wait in this queue.`,
});

/** Row F5. */
export function setPriority(
  state: QueueState,
  { run, priority, actor }: { run: string; priority: Priority; actor: string },
): QueueReply {
  const entry = state.entries.find((known) => known.run === run);
  if (!entry) return notQueued(run);
  if (entry.cls.priority === priority) return { kind: 'ok' };
  const cls = sharedClass(state, { ...entry.cls, priority });
  changeEntry(state, run, (known) => ({ ...known, cls }));
  tell(state, { what: 'priorityChanged', run, actor, from: entry.cls.priority, to: priority });
  return { kind: 'ok' };
}

/** Row F6: the last one moved is first. */
export function moveToTop(state: QueueState, { run, actor }: { run: string; actor: string }): QueueReply {
  const moved = changeEntry(state, run, (entry) => ({ ...entry, top: state.lastTop + 1 }));
  if (!moved) return notQueued(run);
  state.lastTop += 1;
  tell(state, { what: 'movedToTop', run, actor });
  return { kind: 'ok' };
}

/** Row F6: back to the place that priority and time requested give. */
export function undoMove(state: QueueState, { run, actor }: { run: string; actor: string }): QueueReply {
  const entry = state.entries.find((known) => known.run === run);
  if (!entry) return notQueued(run);
  if (entry.top === 0) {
    return { kind: 'refused', code: 'NotOnTop', detail: `Run ${run} was not moved to the top.` };
  }
  changeEntry(state, run, (known) => ({ ...known, top: 0 }));
  tell(state, { what: 'movedBack', run, actor });
  return { kind: 'ok' };
}

export function changeSettings(
  state: QueueState,
  { settings, actor }: { settings: Partial<QueueSettings>; actor: string },
): QueueReply {
  const refusal = refusedSettings(state, settings);
  if (refusal) return refusal;
  state.settings = { ...state.settings, ...settings };
  tell(state, { what: 'settings', actor });
  return { kind: 'ok' };
}

export function refusedSettings(
  state: QueueState,
  settings: Partial<QueueSettings>,
): (QueueReply & { kind: 'refused' }) | undefined {
  const { maxEntries, maxMachines, reuseSession } = settings;
  if (maxEntries !== undefined && (maxEntries < 1 || maxEntries > MOST_ENTRIES)) {
    return {
      kind: 'refused',
      code: 'BadSetting',
      detail: `maxEntries must be from 1 to ${MOST_ENTRIES}; it is ${maxEntries}.`,
    };
  }
  if (maxMachines !== undefined && maxMachines < Math.max(1, state.machines.length)) {
    return {
      kind: 'refused',
      code: 'BadSetting',
      detail: `maxMachines must be at least 1 and not less than the ${state.machines.length} machines of the queue.`,
    };
  }
  const multiple = state.machines.find(({ facts }) => facts.multipleSessionsPerUser);
  return reuseSession === true && multiple ? reuseNotPossible(multiple.machine) : undefined;
}

/** Row D5. */
export function reuseNotPossible(machine: string): QueueReply & { kind: 'refused' } {
  return {
    kind: 'refused',
    code: 'SessionReuseNotPossible',
    detail: `On machine ${machine} a user may hold several sessions.`,
  };
}

/** Row L10: running runs finish; nothing new starts on the machine. */
export function machineMaintenance(
  state: QueueState,
  { machine, on, actor }: { machine: string; on: boolean; actor: string },
): QueueReply {
  const known = findMachine(state, machine);
  if (!known) {
    return { kind: 'refused', code: 'NoSuchMachine', detail: `This queue has no machine ${machine}.` };
  }
  if (known.maintenance === on) return { kind: 'ok' };
  state.machines = state.machines.map((other) => (other === known ? { ...known, maintenance: on } : other));
  tell(state, { what: 'machine', machine, change: on ? 'maintenance on' : 'maintenance off', actor });
  return { kind: 'ok' };
}
