import type { Task } from 'durable-functions';
import { readiness } from '../domain/flows/plan';
import { callThroughOutages } from './call-activity';
import { begin } from './begin-action';
import { skip } from './end-action';
import { loadLong } from './long-values';
import type { RecordActions } from './record-actions.activity';
import { startSegments } from './start-part';
import { stopOf, type Block, type Walk } from './walk';

/**
 * Walks all blocks of `walk` to their end. Actions that only compute are done at once; for the others the orchestration pauses.
 * Branches that do not depend on each other run at the same time (row A5). Before each pause, what has ended is recorded.
 */
export function* walkActions(walk: Walk, show: () => void): Generator<Task, void, unknown> {
  for (;;) {
    yield* walk.children.takeEnded();
    for (const { divided, frame, actions, atEnd } of walk.blocks) {
      yield* loadLong(walk, frame, [divided ? undefined : actions, atEnd]);
    }
    settle(walk);
    show();
    const idle = walk.blocks.size === 0 && walk.children.count === 0 && walk.starting.length === 0;
    if (idle) return;
    yield* recordEnded(walk);
    if (walk.beforePause) yield* walk.beforePause();
    if (walk.stop) {
      for (const start of walk.starting.splice(0)) start.abandon();
      yield* walk.children.cancelAll(walk.stop.kind === 'cancelled' ? walk.stop.by : undefined);
      continue;
    }
    yield* walk.children.cancelUnwanted(undefined);
    yield* pause(walk);
  }
}

function* pause(walk: Walk): Generator<Task, void, unknown> {
  const starts = walk.starting.splice(0);
  for (const { prepare } of starts) if (prepare) yield* prepare();
  const tasks = starts.map((start) => start.task());
  const untilMs = walk.alarms.length > 0 ? Math.min(...walk.alarms.map((alarm) => alarm.untilMs)) : undefined;
  yield* walk.children.wait(tasks, untilMs);
}

/** Does all that can be done without waiting. */
function settle(walk: Walk): void {
  for (let again = true; again;) {
    again = ringAlarms(walk);
    for (const block of walk.blocks) again = step(walk, block) || again;
    if (walk.feed?.()) again = true;
  }
}

function ringAlarms(walk: Walk): boolean {
  const off = ({ block, name }: { block: Block; name: string }): boolean => !block.open.has(name);
  walk.alarms = walk.alarms.filter((alarm) => !off(alarm));
  const ringing = walk.alarms.filter(
    ({ block, untilMs, onStop }) => untilMs <= walk.nowMs || (onStop && stopOf(walk, block) !== undefined),
  );
  walk.alarms = walk.alarms.filter((alarm) => !ringing.includes(alarm));
  for (const alarm of ringing) alarm.ring(stopOf(walk, alarm.block));
  return ringing.length > 0;
}

/** @returns whether anything changed. */
function step(walk: Walk, block: Block): boolean {
  let changed = false;
  const ready: string[] = [];
  for (const name of block.waiting) {
    const action = block.actions[name];
    if (!action) throw new Error(`the block ${block.path} has no action ${name}`);
    if (stopOf(walk, block)) {
      skip(walk, block, name, 'Cancelled');
      changed = true;
      continue;
    }
    const next = readiness(action, block.frame.outcomes);
    if (next === 'wait') continue;
    if (next === 'start' && block.divided) {
      ready.push(name);
      continue;
    }
    if (next === 'skip') skip(walk, block, name, 'Skipped');
    else {
      block.waiting.delete(name);
      begin(walk, block, name, action);
    }
    changed = true;
  }
  if (ready.length > 0) changed = startSegments(walk, block, ready) || changed;
  if (block.waiting.size === 0 && block.open.size === 0) {
    walk.blocks.delete(block);
    block.ended(stopOf(walk, block));
    return true;
  }
  return changed;
}

/** Writes the records of what has ended; long outputs are known by their hash from then on. The last of it may tell somebody. */
export function* recordEnded(walk: Walk, tell?: RecordActions['tell']): Generator<Task, void, unknown> {
  const ended = walk.unrecorded.splice(0, RECORDS_AT_ONCE);
  const last = walk.unrecorded.length === 0;
  if (ended.length === 0 && !tell) return;
  const hashes = yield* callThroughOutages(walk, 'record-actions', {
    run: walk.facts.run,
    records: ended.map(({ record }) => record),
    ...(last && tell ? { tell } : {}),
  });
  ended.forEach(({ outcome }, index) => {
    const hash = hashes?.[index];
    if (outcome && hash) outcome.outputsHash = hash;
  });
  if (!last) yield* recordEnded(walk, tell);
}

/** So that the input of one activity stays small. */
const RECORDS_AT_ONCE = 100;
