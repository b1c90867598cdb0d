import type { Priority } from '../../contracts/runs';
import type { Entry, QueueState } from './state';

const ranks: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

export function priorityRank(priority: Priority): number {
  return ranks[priority];
}

/** Queue order: last moved to the top first (F6), then priority, then time requested, then arrival (F1, F3). */
export function compareEntries(a: Entry, b: Entry): number {
  return (
    b.top - a.top ||
    priorityRank(a.cls.priority) - priorityRank(b.cls.priority) ||
    a.requestedMs - b.requestedMs ||
    a.arrival - b.arrival
  );
}

/** Puts the entry where it belongs; `state.entries` is always in order. */
export function insertEntry(state: QueueState, entry: Entry): void {
  let low = 0;
  let high = state.entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = state.entries[middle];
    if (other && compareEntries(other, entry) < 0) low = middle + 1;
    else high = middle;
  }
  state.entries.splice(low, 0, entry);
}

/** Takes the run's entry out of the queue. */
export function takeEntry(state: QueueState, run: string): Entry | undefined {
  const index = state.entries.findIndex((entry) => entry.run === run);
  return index < 0 ? undefined : state.entries.splice(index, 1)[0];
}

/** Replaces the run's entry by a changed one, which may have another place. */
export function changeEntry(
  state: QueueState,
  run: string,
  change: (entry: Entry) => Entry,
): Entry | undefined {
  const entry = takeEntry(state, run);
  if (entry) insertEntry(state, change(entry));
  return entry;
}
