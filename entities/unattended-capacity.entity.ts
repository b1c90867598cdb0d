import { parseCapacityCommand } from '../domain/capacity/command-schema';
import { decideCapacity } from '../domain/capacity/decide-capacity';
import type { CapacityAnswer, CapacityReply, CapacitySnapshot } from '../domain/capacity/messages';
import { capacitySnapshot, emptyCapacity } from '../domain/capacity/state';
import type { CapacityState } from '../domain/capacity/state';
import { entityHandler } from './operation';
import type { Operation, Outcome } from './operation';
import type { WatchMark } from './queue-watch.entity';
import { watchChange } from './queue-watch.entity';

/** One entity for the environment; its key is `CAPACITY_KEY`. */
export const UNATTENDED_CAPACITY = 'unattended-capacity';
export const CAPACITY_KEY = 'environment';

/** State of the entity. */
export interface StoredCapacity {
  capacity: CapacityState;
  watch: WatchMark;
}

export const unattendedCapacityEntity = entityHandler<StoredCapacity>({
  operate,
  failed: (detail) => answerOf({ kind: 'refused', code: 'BadCommand', detail }, emptyCapacity()),
});

/** The capacity in what the entity has stored; undefined is one to which nothing has come yet. */
export function storedCapacitySnapshot(stored: StoredCapacity | undefined): CapacitySnapshot {
  return capacitySnapshot(stored?.capacity ?? emptyCapacity());
}

function operate({ key, name, input, stored }: Operation<StoredCapacity>): Outcome<StoredCapacity> {
  const state = stored?.capacity ?? emptyCapacity();
  if (name === 'snapshot') return { answer: capacitySnapshot(state) };
  const command = parseCapacityCommand(name, input);
  if (typeof command === 'string') {
    return { answer: answerOf({ kind: 'refused', code: 'BadCommand', detail: command }, state) };
  }
  const decision = decideCapacity(state, command);
  const change = watchChange({
    watched: `${UNATTENDED_CAPACITY}/${key}`,
    before: stored?.watch,
    busy: decision.state.outbox.length > 0,
    mayLeave: command.kind === 'reconcile',
  });
  return {
    stored: { capacity: decision.state, watch: change.watch },
    answer: answerOf(decision.reply, decision.state),
    signals: change.signals,
  };
}

function answerOf(reply: CapacityReply, state: CapacityState): CapacityAnswer {
  return { reply, effects: state.outbox };
}
