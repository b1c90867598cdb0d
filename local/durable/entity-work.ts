import { ByteCache } from './byte-cache';
import type { FunctionInvoker } from './engine-api';
import {
  entityPayload,
  isEntityBatchResult,
  planEntityBatch,
  type EntityBatchResult,
  type EntityPlan,
} from './entity-batch';
import { entityInstanceId, entityOf, responseText, type RequestMessage } from './entity-message';
import type { FunctionNames } from './function-names';
import { newGuid } from './guid';
import { eventRaised } from './history';
import type { Hub } from './hub';
import type { InstanceRow } from './instances';
import { isOpen } from './statuses';

/** The user state of entities in memory; null says that an entity does not exist. */
export class EntityStates {
  private readonly hot: ByteCache<string | null>;

  constructor(private readonly hub: Hub) {
    this.hot = new ByteCache(hub.settings.entityCacheBytes);
  }

  load(seq: number): string | null {
    const cached = this.hot.get(seq);
    if (cached !== undefined) return cached;
    const state = this.hub.instances.entityState(seq);
    this.keep(seq, state);
    return state;
  }

  keep(seq: number, state: string | null): void {
    this.hot.set(seq, state, (state?.length ?? 0) * 2 + 64);
  }

  forget(seq: number): void {
    this.hot.delete(seq);
  }

  clear(): void {
    this.hot.clear();
  }
}

export interface EntityScope {
  hub: Hub;
  invoker: FunctionInvoker;
  names: FunctionNames;
  states: EntityStates;
}

/** One work item of an entity: one invocation with every operation that may run, and its effects in one transaction. */
export async function entityWork(
  scope: EntityScope,
  row: InstanceRow,
  isCurrent: () => boolean,
): Promise<void> {
  const { hub, states } = scope;
  const plan = planEntityBatch(hub.mail.peek(row.seq), row.lockedBy, hub.settings.maxEntityBatch);
  if (plan.consumed.length === 0) return;
  const before = states.load(row.seq);
  const result = plan.operations.length > 0 ? await invoke(scope, row, before, plan.operations) : undefined;
  if (!isCurrent()) return;
  hub.transaction(() => {
    hub.consume(row.seq, plan.consumed);
    const lockedBy = plan.lockRequest ? grant(scope, row, plan.lockRequest) : plan.lockedBy;
    if (lockedBy !== row.lockedBy) hub.instances.setLock(row.seq, lockedBy);
    const state = result ? stateAfter(result) : before;
    if (state !== before) hub.instances.writeEntityState(row.seq, state);
    hub.instances.touch(row.seq, 0, entityStatus(state !== null, lockedBy), hub.clock.now());
    if (result) answer(scope, row, plan, result);
    hub.after(() => states.keep(row.seq, state));
  });
}

/** Whether more of the mail could be worked off right away. */
export function hasRunnableMail(hub: Hub, row: InstanceRow): boolean {
  return planEntityBatch(hub.mail.peek(row.seq), row.lockedBy, 1).consumed.length > 0;
}

async function invoke(
  scope: EntityScope,
  row: InstanceRow,
  state: string | null,
  operations: readonly RequestMessage[],
): Promise<EntityBatchResult> {
  const { name, key } = entityOf(row.id) ?? { name: row.name, key: '' };
  const registered = scope.names.registered('entity', name);
  if (registered === undefined) return failed(state, operations, scope.names.refusal('entity', name) ?? '');
  const payload = entityPayload({ name, key, exists: state !== null, state: visible(state) }, operations);
  const result = await scope.invoker.entity(registered, key, payload).catch((cause: unknown) => ({
    ok: false as const,
    message: cause instanceof Error ? cause.message : String(cause),
  }));
  if (!result.ok) {
    scope.hub.log('error', `Entity ${row.id}: the function failed: ${result.message}`);
    return failed(state, operations, result.message);
  }
  if (isEntityBatchResult(result.value)) return result.value;
  return failed(state, operations, 'Out of proc orchestrators must return a valid JSON schema.');
}

/** Every operation fails, the state stays. */
function failed(
  state: string | null,
  operations: readonly RequestMessage[],
  message: string,
): EntityBatchResult {
  return {
    results: operations.map(() => ({ isError: true, result: JSON.stringify(message) })),
    signals: [],
    entityExists: state !== null,
    entityState: visible(state),
  };
}

/** An entity that exists without a state (a `return` alone brings it into being) is stored as the empty text. */
const stateAfter = (result: EntityBatchResult): string | null =>
  result.entityExists ? (result.entityState ?? '') : null;

const visible = (state: string | null): string | null => (state === '' ? null : state);

function entityStatus(exists: boolean, lockedBy: string | null): string {
  return JSON.stringify({ ...(exists && { entityExists: true }), ...(lockedBy !== null && { lockedBy }) });
}

/** @returns who holds the lock now: nobody when the asking orchestration has ended meanwhile. */
function grant(scope: EntityScope, row: InstanceRow, request: RequestMessage): string | null {
  const { hub } = scope;
  const owner = request.parent === undefined ? undefined : hub.instances.find(request.parent);
  if (!owner || !isOpen(owner.status) || owner.executionId !== request.parentExecution) return null;
  const position = (request.pos ?? 0) + 1;
  const next = request.lockset?.[position];
  if (next) {
    hub.request(next.name, next.key, { ...request, pos: position });
  } else {
    const event = eventRaised(request.id, responseText('Lock Acquisition Completed', false), hub.clock.now());
    hub.deliverEvent(owner.id, event, request.parentExecution);
  }
  hub.log('information', `${row.id} is locked by ${owner.id}.`);
  return owner.id;
}

function answer(scope: EntityScope, row: InstanceRow, plan: EntityPlan, result: EntityBatchResult): void {
  const { hub } = scope;
  plan.operations.forEach((operation, index) => {
    if (operation.signal === true || operation.parent === undefined) return;
    const { isError = false, result: text } = result.results[index] ?? {};
    const event = eventRaised(operation.id, responseText(text, isError), hub.clock.now());
    hub.deliverEvent(operation.parent, event, operation.parentExecution);
  });
  for (const signal of result.signals ?? []) {
    const target = entityInstanceId(signal.target.name, signal.target.key);
    const request: RequestMessage = {
      op: signal.name,
      signal: true,
      input: signal.input,
      id: newGuid(),
      parent: row.id,
    };
    hub.deliverToEntity(target, { kind: 'request', request });
  }
}
