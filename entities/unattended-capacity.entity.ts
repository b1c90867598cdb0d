import { parseCapacityCommand } from '../domain/capacity/command-schema';
import { decideCapacity } from '../domain/capacity/decide-capacity';
import type { CapacityReply, CapacitySnapshot } from '../domain/capacity/messages';
import { capacitySnapshot, emptyCapacity } from '../domain/capacity/state';
import type { CapacityState } from '../domain/capacity/state';
import { lendingSignals } from './capacity-signals';
import { entityHandler } from './operation';
import type { Operation, Outcome } from './operation';
import { UNATTENDED_CAPACITY } from './queue-names';
import type { WatchMark } from './queue-watch.entity';
import { watchChange } from './queue-watch.entity';

/** State of the entity. */
export interface StoredCapacity {
  capacity: CapacityState;
  watch: WatchMark;
}

/**
 * One entity for the environment; its key is `CAPACITY_KEY`. Bots that it lends are signalled to their queues, which signal that they
 * have received them; until then `reconcile` sends them again. Answers with a CapacityReply.
 */
export const unattendedCapacityEntity = entityHandler<StoredCapacity>({ operate, failed: refused });

/** The capacity in what the entity has stored; undefined is one to which nothing has come yet. */
export function storedCapacitySnapshot(stored: StoredCapacity | undefined): CapacitySnapshot {
  return capacitySnapshot(stored?.capacity ?? emptyCapacity());
}

function operate({ key, name, input, stored }: Operation<StoredCapacity>): Outcome<StoredCapacity> {
  const state = stored?.capacity ?? emptyCapacity();
  if (name === 'snapshot') return { answer: capacitySnapshot(state) };
  const command = parseCapacityCommand(name, input);
  if (typeof command === 'string') return { answer: refused(command) };
  const decision = decideCapacity(state, command);
  const change = watchChange({
    watched: `${UNATTENDED_CAPACITY}/${key}`,
    before: stored?.watch,
    busy: decision.state.outbox.length > 0,
    mayLeave: command.kind === 'reconcile',
  });
  const { outbox } = decision.state;
  const due = command.kind === 'reconcile' ? outbox : outbox.filter(({ id }) => id > state.lastEffect);
  return {
    stored: { capacity: decision.state, watch: change.watch },
    answer: decision.reply,
    signals: [...change.signals, ...lendingSignals(due, command.now)],
  };
}

function refused(detail: string): CapacityReply {
  return { kind: 'refused', code: 'BadCommand', detail };
}
