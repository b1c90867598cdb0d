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
    const outcome = attempt(context, entity);
    if (outcome.stored !== undefined) context.df.setState(outcome.stored);
    for (const { entity: name, key, operation, input } of outcome.signals ?? []) {
      context.df.signalEntity(new EntityId(name, key), operation, input);
    }
    context.df.return(outcome.answer);
  };
}

function attempt<Stored>(
  context: EntityContext<Stored>,
  entity: Parameters<typeof entityHandler<Stored>>[0],
): Outcome<Stored> {
  try {
    return entity.operate({
      key: context.df.entityKey,
      name: context.df.operationName ?? '',
      input: context.df.getInput<unknown>(),
      stored: context.df.getState(),
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    context.error(`entity ${context.df.entityName} ${context.df.operationName}: ${detail}`);
    return { answer: entity.failed(detail) };
  }
}
