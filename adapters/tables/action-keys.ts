import type { ActionRecord } from '../../contracts/action-records';
import type { Key } from './table';

/**
 * Partition = the run and the path of what the action is inside (`<run>:Loop[3]:Scope`); row = when it started, then its name, so that a
 * partition lists in order. Rounds of a loop come by number.
 */
export function actionKey(run: string, record: ActionRecord): Key {
  const round = /^\[(\d+)\]$/.exec(record.name)?.[1];
  const startedMs = Date.parse(record.startedAt ?? record.endedAt);
  return {
    partition: actionPartition(run, record.parent),
    row:
      round === undefined ? `${String(startedMs).padStart(14, '0')} ${record.name}` : round.padStart(8, '0'),
  };
}

/** Names of actions have neither `/` nor `:`. */
export function actionPartition(run: string, parent: string): string {
  return `${run}:${parent.replaceAll('/', ':')}`;
}
