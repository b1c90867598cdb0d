import type { InvocationContext } from '@azure/functions';
import type { EntityContext } from 'durable-functions';
import { EntityId } from 'durable-functions';

/** Something another entity is told, without an answer. */
export interface Signal {
  entity: string;
  key: string;
  operation: string;
  input: unknown;
}

export interface Operation<Stored> {
  key: string;
  name: string;
  input: unknown;
  stored: Stored | undefined;
}

/** What one operation comes to. */
export interface Outcome<Stored> {
  /** Absent: the state stays as it is. */
  stored?: Stored | undefined;
  answer: unknown;
  signals?: readonly Signal[] | undefined;
}

/**
 * The one wrapper of all entities. An operation that throws would keep its writes and one that answers twice would shift the
 * answers of its batch, so: all is computed first, then written once, then answered once. `failed` turns what went wrong
 * into the answer of a refused operation; nothing is written then.
 */
export function entityHandler<Stored>(entity: {
  operate: (operation: Operation<Stored>) => Outcome<Stored>;
  failed: (detail: string) => unknown;
}): (context: EntityContext<Stored>) => void {
  return (context) => {
    try {
      settle(context, entity.operate(operationOf(context)));
    } catch (error) {
      settle(context, { answer: entity.failed(detailOf(context, error)) });
    }
  };
}

/** As `entityHandler`, for an entity whose operations wait for the world outside. */
export function waitingEntityHandler<Stored>(entity: {
  operate: (operation: Operation<Stored>, context: InvocationContext) => Promise<Outcome<Stored>>;
  failed: (detail: string) => unknown;
}): (context: EntityContext<Stored>) => Promise<void> {
  return async (context) => {
    try {
      settle(context, await entity.operate(operationOf(context), context));
    } catch (error) {
      settle(context, { answer: entity.failed(detailOf(context, error)) });
    }
  };
}

function operationOf<Stored>({ df }: EntityContext<Stored>): Operation<Stored> {
  return {
    key: df.entityKey,
    name: df.operationName ?? '',
    input: df.getInput<unknown>(),
    stored: df.getState(),
  };
}

function settle<Stored>({ df }: EntityContext<Stored>, { stored, signals, answer }: Outcome<Stored>): void {
  if (stored !== undefined) df.setState(stored);
  for (const { entity, key, operation, input } of signals ?? []) {
    df.signalEntity(new EntityId(entity, key), operation, input);
  }
  df.return(answer);
}

function detailOf<Stored>(context: EntityContext<Stored>, error: unknown): string {
  const detail = error instanceof Error ? error.message : String(error);
  context.error(`entity ${context.df.entityName} ${context.df.operationName}: ${detail}`);
  return detail;
}
