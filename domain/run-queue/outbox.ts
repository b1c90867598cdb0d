import type { QueueChange, QueueEffect } from './messages';
import type { QueueState } from './state';

type Unnumbered<E> = E extends QueueEffect ? Omit<E, 'id'> : never;

/** Puts an effect into the outbox, where it stays until `confirm`. Ids rise by one. */
export function emit(state: QueueState, effect: Unnumbered<QueueEffect>): void {
  state.lastEffect += 1;
  state.outbox.push({ id: state.lastEffect, ...effect });
}

/** Tells the change feed; changes are numbered without gaps (row F10). */
export function tell(state: QueueState, change: QueueChange): void {
  state.lastChange += 1;
  emit(state, { kind: 'changed', number: state.lastChange, atMs: state.timeMs, change });
}
