import type { EntityPayload } from './engine-api';
import type { RequestMessage } from './entity-message';
import type { Message } from './mail';

/** What an entity does next with its mail. */
export interface EntityPlan {
  /** Messages that this batch uses up. */
  consumed: Message[];
  operations: RequestMessage[];
  /** Taken after the operations; always the last of a batch. */
  lockRequest: RequestMessage | undefined;
  lockedBy: string | null;
}

/**
 * Chooses the next batch: releases take effect first, the lock holder's operations go before all others, and while the
 * lock is held nobody else's are taken. What is not consumed stays in the mail.
 */
export function planEntityBatch(
  mail: readonly Message[],
  lockedBy: string | null,
  maxBatch: number,
): EntityPlan {
  const plan: EntityPlan = { consumed: [], operations: [], lockRequest: undefined, lockedBy };
  const holders: { message: Message; request: RequestMessage }[] = [];
  const others: { message: Message; request: RequestMessage }[] = [];
  for (const message of mail) {
    const { body } = message;
    if (body.kind === 'release') {
      plan.consumed.push(message);
      if (plan.lockedBy === body.parent) plan.lockedBy = null;
    } else if (body.kind === 'request') {
      const isHolder = plan.lockedBy !== null && plan.lockedBy === body.request.parent;
      (isHolder ? holders : others).push({ message, request: body.request });
    }
  }
  for (const { message, request } of [...holders, ...others]) {
    if (plan.lockedBy !== null && plan.lockedBy !== request.parent) break;
    if (plan.operations.length >= maxBatch) break;
    plan.consumed.push(message);
    if (request.lockset) {
      plan.lockRequest = request;
      break;
    }
    plan.operations.push(request);
  }
  return plan;
}

/** What the entityTrigger carries. @param state JSON text, null when the entity does not exist or has none. */
export function entityPayload(
  entity: { name: string; key: string; exists: boolean; state: string | null },
  operations: readonly RequestMessage[],
): EntityPayload {
  const { name, key, exists, state } = entity;
  return {
    self: { name, key },
    exists,
    state,
    batch: operations.map(({ op = null, input = null, signal, id }) => ({
      name: op,
      input,
      isSignal: signal === true,
      id,
    })),
  };
}

/** What the SDK returns from an entity batch; `result`, `entityState` and the signals' inputs are JSON texts. */
export interface EntityBatchResult {
  results: { isError: boolean; result?: string }[];
  signals: { target: { name: string; key: string }; name: string; input?: string }[];
  entityExists: boolean;
  entityState?: string | null;
}

export function isEntityBatchResult(value: unknown): value is EntityBatchResult {
  const candidate = value as Partial<EntityBatchResult> | null | undefined;
  return typeof candidate === 'object' && candidate !== null && Array.isArray(candidate.results);
}
