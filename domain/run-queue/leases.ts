import type { GrantRef, QueueReply } from './messages';
import { emit, tell } from './outbox';
import { currentGrant, dropGrant } from './runs';
import type { Grant, QueueState } from './state';
import { findMachine, grantRef } from './state';

/** The caller has delivered all effects up to `upTo`. */
export function confirm(state: QueueState, { upTo }: { upTo: number }): QueueReply {
  state.outbox = state.outbox.filter((effect) => effect.id > upTo);
  return { kind: 'ok' };
}

/** The owner has ended without releasing: the machine stays held until its agent has stopped the run (rule 4). */
export function stopping(state: QueueState, { grant: ref }: { grant: GrantRef }): QueueReply {
  const grant = currentGrant(state, ref);
  if (!grant) return { kind: 'stale' };
  markStopping(state, grant);
  return { kind: 'ok' };
}

/** Marks the grants of ended owners, and frees what has been stopping, unheard of, since before `silentBeforeMs` (rule 4, row H3). */
export function reconcile(
  state: QueueState,
  { ended, silentBeforeMs }: { ended: GrantRef[]; silentBeforeMs: number },
): QueueReply {
  for (const ref of ended) {
    const grant = currentGrant(state, ref);
    if (grant) markStopping(state, grant);
  }
  for (const grant of state.grants) {
    if (grant.stoppingMs === undefined || grant.stoppingMs >= silentBeforeMs) continue;
    dropGrant(state, grant);
    tell(state, { what: 'released', run: grant.entry.run, machine: grant.machine, outcome: 'Silent' });
  }
  return { kind: 'ok' };
}

/** A person frees the machine at once. Its next grant has a higher fence, so the old run is fenced off (row L4). */
export function releaseByHand(
  state: QueueState,
  { machine, reason, actor }: { machine: string; reason: string; actor: string },
): QueueReply {
  const grants = state.grants.filter((grant) => grant.machine === machine);
  if (grants.length === 0 && !findMachine(state, machine)) {
    return { kind: 'refused', code: 'NoSuchMachine', detail: `This queue has no machine ${machine}.` };
  }
  for (const grant of grants) {
    dropGrant(state, grant);
    emit(state, { kind: 'stop', owner: grant.entry.owner, grant: grantRef(grant), reason: 'released' });
    tell(state, { what: 'released', run: grant.entry.run, machine, outcome: 'ReleasedByHand' });
  }
  tell(state, { what: 'machine', machine, change: `released by hand: ${reason}`, actor });
  return { kind: 'ok' };
}

/** Once for each grant: the first time counts for the silence, and one `stop` is enough (the broker keeps it). */
export function markStopping(state: QueueState, grant: Grant): void {
  if (grant.stoppingMs !== undefined) return;
  state.grants = state.grants.map((other) =>
    other === grant ? { ...grant, stoppingMs: state.timeMs } : other,
  );
  emit(state, { kind: 'stop', owner: grant.entry.owner, grant: grantRef(grant), reason: 'orphaned' });
}
