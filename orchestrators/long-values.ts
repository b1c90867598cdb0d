import type { Task } from 'durable-functions';
import { actionsRead } from '../domain/flows/references';
import { withInside } from '../domain/flows/run-facts';
import { callActivity } from './call-activity';
import type { Frame, Walk } from './walk';

/** Reads long outputs of other parts of the run that these actions (or other templates) read. */
export function* loadLong(walk: Walk, frame: Frame, templates: unknown): Generator<Task, void, unknown> {
  const away = Object.entries(frame.outcomes).flatMap(([name, { outputs, outputsHash }]) =>
    outputsHash !== undefined && outputs === undefined ? [{ name, hash: outputsHash }] : [],
  );
  if (away.length === 0) return;
  const read = withInside(walk.facts, actionsRead(templates));
  const needed = away.filter(({ name }) => read.has(name));
  if (needed.length === 0) return;
  const values = yield* callActivity(walk, 'load-values', {
    run: walk.facts.run,
    hashes: needed.map(({ hash }) => hash),
  });
  needed.forEach(({ name }, index) => {
    const outcome = frame.outcomes[name];
    if (outcome) frame.outcomes[name] = { ...outcome, outputs: values[index] };
  });
}
