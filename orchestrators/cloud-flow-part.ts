import type { OrchestrationContext, Task } from 'durable-functions';
import type { MaybeSealed, Sealer } from '../contracts/sealed-values';
import { bareOutcome, portable, type Outcomes } from '../domain/flows/outcome';
import type { VariableChanges } from '../domain/flows/variables';
import type { FlowMessage } from '../domain/runs/inbox-messages';
import { callThroughOutages } from './call-activity';
import { loadLong } from './long-values';
import { RunSealing } from './run-sealing';
import type { PartInput, PartResult } from './start-part';
import { Walk } from './walk';
import { recordEnded, walkActions } from './walk-actions';

/**
 * Orchestration `cloud-flow-part`: actions of a flow that is too long for one history, or the inside of a large scope. What others
 * wait for is told to the parent as soon as it has ended.
 */
export function cloudFlowPart(sealer: Sealer) {
  return function* ({ df }: OrchestrationContext): Generator<Task, MaybeSealed<PartResult>, unknown> {
    const sealing = new RunSealing(df, sealer);
    const input = sealing.openInput(df.getInput<MaybeSealed<PartInput>>());
    const walk = new Walk(df, input.facts, sealing, input.variables);
    walk.numberBy(input.actions);
    try {
      return sealing.seal(yield* walkPart(walk, input));
    } finally {
      walk.inbox.close();
    }
  };
}

function* walkPart(walk: Walk, input: PartInput): Generator<Task, PartResult, unknown> {
  const frame = { loops: input.loops, outcomes: { ...input.outcomes } };
  const batches: VariableChanges[] = [];
  const wanted = new Set(input.wanted);
  walk.shownFrame = { loops: [], outcomes: {} };
  walk.wanted = wanted;
  const own = (): Outcomes =>
    Object.fromEntries(
      Object.entries(frame.outcomes).flatMap(([name, outcome]) =>
        Object.hasOwn(input.outcomes, name)
          ? []
          : [[name, wanted.has(name) ? portable(outcome) : bareOutcome(outcome)]],
      ),
    );
  const left = new Set(input.early);
  const unread = new Set(input.wanted);
  walk.beforePause = function* () {
    const names = [...left].filter((name) => isOver(frame.outcomes, name));
    if (names.length === 0 || input.tell === undefined) return;
    for (const name of names) left.delete(name);
    const all = own();
    // What starts now may read more than it waits for.
    const read = [...unread].filter((name) => isOver(frame.outcomes, name));
    for (const name of read) unread.delete(name);
    const changes = walk.variables.take();
    const message: FlowMessage = {
      kind: 'actionsEnded',
      child: walk.df.instanceId,
      ...walk.sealing.seal({
        outcomes: Object.fromEntries(
          [...names, ...read].flatMap((name) => (all[name] ? [[name, all[name]]] : [])),
        ),
        batch: batches.length,
        changes,
      }),
    };
    batches.push(changes);
    yield* callThroughOutages(walk, 'raise-inbox', { instances: [input.tell], message });
  };
  yield* loadLong(walk, frame, input.actions);
  walk.open({ frame, path: input.path, actions: input.actions, ended: () => undefined });
  yield* walkActions(walk, () => {
    walk.shownFrame = { loops: input.loops, outcomes: own() };
    walk.show();
  });
  const tell: FlowMessage = { kind: 'childEnding', child: walk.df.instanceId };
  yield* recordEnded(walk, input.tell === undefined ? undefined : { instance: input.tell, message: tell });
  batches.push(walk.variables.take());
  return {
    outcomes: own(),
    batches,
    ...(walk.stop ? { stop: walk.stop } : {}),
    ...(walk.response ? { response: walk.response } : {}),
  };
}

function isOver(outcomes: Outcomes, name: string): boolean {
  const status = outcomes[name]?.status;
  return status !== undefined && status !== 'Running';
}
