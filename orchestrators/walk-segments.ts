import type { OrchestrationContext, Task } from 'durable-functions';
import type { ActionStatus } from '../contracts/runs';
import { inOrder } from '../domain/flows/plan';
import type { InboxMessage } from '../domain/runs/inbox-messages';
import { Inbox } from './inbox';
import { orchestrations } from './names';
import { OpenChildren } from './open-children';
import { walkActions } from './walk-actions';
import type { Walk } from './walk-actions';

/** Actions that one orchestration walks, so that no history passes 500 events. */
export const INLINE_ACTIONS = 25;

/** Input of `cloud-flow-segment`. */
type Segment = Pick<Walk, 'run' | 'numbered' | 'actions' | 'outcomes' | 'triggerBody' | 'startedBy'>;
/** Its output; `cancelled` when it was. */
interface SegmentResult {
  outcomes: Record<string, ActionStatus>;
  cancelled: Walk['cancelled'];
}

/**
 * Walks a long flow in segments of 25 actions, each a child orchestration, one after the other. Branches run at the same
 * time within a segment.
 */
export function* walkSegments(walk: Walk): Generator<Task, void, unknown> {
  const names = inOrder(walk.actions);
  for (let first = 0; first < names.length; first += INLINE_ACTIONS) {
    const segment: Segment = {
      run: walk.run,
      numbered: first,
      actions: pick(walk.actions, names.slice(first, first + INLINE_ACTIONS)),
      outcomes: { ...walk.outcomes },
      triggerBody: walk.triggerBody,
      startedBy: walk.startedBy,
    };
    if (walk.cancelled) {
      for (const name of Object.keys(segment.actions)) walk.outcomes[name] = { status: 'Cancelled' };
      continue;
    }
    const instance = `${walk.run}.${first / INLINE_ACTIONS + 1}`;
    const { outcomes, cancelled } = yield* runSegment(walk, instance, segment);
    walk.cancelled ??= cancelled;
    Object.assign(walk.outcomes, outcomes);
    walk.changed();
  }
}

function* runSegment(
  walk: Walk,
  instance: string,
  segment: Segment,
): Generator<Task, SegmentResult, unknown> {
  const task = walk.df.callSubOrchestrator(orchestrations.cloudFlowSegment, segment, instance);
  const children = new OpenChildren(walk);
  children.add({ instance, name: instance, task });
  yield* children.wait([task]);
  for (;;) {
    const [ended] = yield* children.takeEnded();
    // The segment's actions were walked by nobody when it broke: the run breaks with it.
    if (ended) return (yield task) as SegmentResult;
    if (walk.cancelled) yield* children.cancel(walk.cancelled.by);
    else yield* children.wait([]);
  }
}

/** Orchestration `cloud-flow-segment`. */
export function* cloudFlowSegment({ df }: OrchestrationContext): Generator<Task, SegmentResult, unknown> {
  const segment = df.getInput<Segment>();
  const walk: Walk = {
    ...segment,
    df,
    inbox: new Inbox<InboxMessage>(df),
    outcomes: { ...segment.outcomes },
    cancelled: undefined,
    changed: () => undefined,
  };
  try {
    yield* walkActions(walk);
  } finally {
    walk.inbox.close();
  }
  return { outcomes: pick(walk.outcomes, Object.keys(segment.actions)), cancelled: walk.cancelled };
}

function pick<Value>(all: Readonly<Record<string, Value>>, names: string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}
