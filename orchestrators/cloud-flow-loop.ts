import type { OrchestrationContext, Task } from 'durable-functions';
import type { IterationCounts } from '../contracts/runs';
import type { MaybeSealed, Sealer } from '../contracts/sealed-values';
import type { Outcome } from '../domain/flows/outcome';
import type { LoopValue } from '../domain/expressions/scope';
import { actionsRead } from '../domain/flows/references';
import { roundsPerPart, shareDegree, splitRounds } from '../domain/flows/rounds';
import { withInside } from '../domain/flows/run-facts';
import type { FlowMessage } from '../domain/runs/inbox-messages';
import { callActivity } from './call-activity';
import { judgeBlock, resultOf } from './end-action';
import { loadLong } from './long-values';
import { orchestrations } from './names';
import { RunSealing } from './run-sealing';
import { noRounds, type LoopInput, type LoopResult } from './start-rounds';
import { UntilRounds } from './until-rounds';
import { Walk } from './walk';
import { recordEnded, walkActions } from './walk-actions';

/**
 * Orchestration `cloud-flow-loop`: rounds of a loop. A few are walked here; more are divided among children of the same kind, so
 * that no history grows with the list.
 */
export function cloudFlowLoop(sealer: Sealer) {
  return function* ({ df }: OrchestrationContext): Generator<Task, MaybeSealed<LoopResult>, unknown> {
    const sealing = new RunSealing(df, sealer);
    const input = sealing.openInput(df.getInput<MaybeSealed<LoopInput>>());
    const walk = new Walk(df, input.facts, sealing, input.variables);
    walk.numberBy(input.actions, input.first);
    const loop = new Loop(walk, input);
    try {
      return sealing.seal(yield* loop.walkRounds());
    } finally {
      walk.inbox.close();
    }
  };
}

class Loop {
  private readonly counts: IterationCounts;
  private failure: LoopResult['failure'];
  private going = 0;
  private next = 0;
  private readonly until: UntilRounds | undefined;
  /** Degrees that no child has. */
  private readonly free: number[] = [];

  constructor(
    private readonly walk: Walk,
    private readonly input: LoopInput,
  ) {
    this.counts = noRounds(input.count);
    this.until = input.until && new UntilRounds(walk, input.name, input.until);
  }

  *walkRounds(): Generator<Task, LoopResult, unknown> {
    const { walk, input } = this;
    const perPart = roundsPerPart(input.actions);
    const few = input.count <= perPart;
    if (input.degree > 1 && input.count > 1) walk.tell = walk.df.instanceId;
    if (input.until) walk.wanted = withInside(walk.facts, actionsRead(input.until.expression));
    if (few) yield* this.prepareRounds();
    else this.divide(perPart);
    yield* walkActions(walk, () => this.show(few ? this.going : 0));
    const message: FlowMessage = { kind: 'childEnding', child: walk.df.instanceId };
    yield* recordEnded(walk, input.tell === undefined ? undefined : { instance: input.tell, message });
    return {
      counts: input.until ? { ...this.counts, total: this.ended } : this.counts,
      ...(this.until ? { until: this.until.end } : {}),
      changes: walk.variables.take(),
      ...(this.failure ? { failure: this.failure } : {}),
      ...(walk.stop ? { stop: walk.stop } : {}),
      ...(walk.response ? { response: walk.response } : {}),
    };
  }

  /** Rounds that have ended. */
  private get ended(): number {
    const { succeeded, failed, cancelled } = this.counts;
    return succeeded + failed + cancelled;
  }

  private show(running: number): void {
    const { walk, input } = this;
    const total = input.until ? input.first + this.ended + running : input.count;
    walk.show({ name: input.name, iterations: { ...this.counts, total, running } });
  }

  /** Whether no further round is wanted, although nobody has stopped the loop. */
  private isOver(): boolean {
    return this.until?.isOver(this.input.first + this.ended) ?? false;
  }

  private *prepareRounds(): Generator<Task, void, unknown> {
    const { walk, input } = this;
    const { itemsHash, first, count } = input;
    const base = { loops: input.loops, outcomes: { ...input.outcomes } };
    yield* loadLong(walk, base, [input.actions, input.until?.expression]);
    let items = input.items ?? [];
    if (itemsHash !== undefined) {
      const range = { run: walk.facts.run, hashes: [itemsHash], from: first, to: first + count };
      const sealed = walk.sealing.on ? { sealed: true } : {};
      const [loaded] = yield* callActivity(walk, 'load-values', { ...range, ...sealed });
      items = walk.sealing.open(loaded) as unknown[];
    }
    walk.feed = () => {
      let started = false;
      for (; this.next < count && this.going < input.degree && !walk.stop; started = true) {
        if (this.isOver()) break;
        this.startRound(first + this.next, items[this.next], base.outcomes);
        this.next += 1;
      }
      if (this.next === count || (!walk.stop && !this.isOver())) return started;
      if (!input.until) this.counts.cancelled += count - this.next;
      this.next = count;
      return true;
    };
  }

  private startRound(round: number, item: unknown, outside: Record<string, Outcome>): void {
    const { walk, input } = this;
    const startedAt = walk.now;
    this.going += 1;
    const frame = {
      loops: [...input.loops, loopValue(input, item, round)],
      outcomes: { ...outside },
    };
    walk.open({
      frame,
      path: `${input.path}[${round}]`,
      actions: input.actions,
      atEnd: input.until?.expression,
      ended: (stop) => {
        const judged = judgeBlock(input.actions, frame.outcomes, stop);
        this.going -= 1;
        this.count(round, judged);
        if (!stop) this.until?.ask(frame, { round, ...judged });
        walk.unrecorded.push({
          record: { ...judged, parent: input.path, name: `[${round}]`, startedAt, endedAt: walk.now },
        });
      },
    });
  }

  private count(round: number, { status, error }: Pick<Outcome, 'status' | 'error'>): void {
    if (status === 'Succeeded') this.counts.succeeded += 1;
    else if (status === 'Cancelled') this.counts.cancelled += 1;
    else this.fail(1, { round, error });
  }

  private fail(count: number, failure: LoopResult['failure']): void {
    this.counts.failed += count;
    if (failure && (!this.failure || failure.round < this.failure.round)) this.failure = failure;
  }

  /** Children share the degree: together they never walk more rounds at a time than the loop may. */
  private divide(perPart: number): void {
    const { walk, input } = this;
    const ranges = splitRounds({ first: input.first, count: input.count, perPart });
    this.free.push(...shareDegree(input.degree, ranges.length));
    walk.feed = () => {
      let started = false;
      while (!walk.stop && this.next < ranges.length && !this.isOver()) {
        const degree = this.free.pop();
        if (degree === undefined) break;
        const range = ranges[this.next++];
        if (range) this.startRange(range, degree, this.next);
        started = true;
      }
      for (; walk.stop && this.next < ranges.length; started = true) {
        const { count = 0 } = ranges[this.next++] ?? {};
        if (!input.until) this.counts.cancelled += count;
      }
      return started;
    };
  }

  private startRange(range: { first: number; count: number }, degree: number, number: number): void {
    const { walk, input } = this;
    const from = range.first - input.first;
    walk.startChild({
      orchestration: orchestrations.cloudFlowLoop,
      instance: `${walk.df.instanceId}.${number}`,
      shown: input.shown,
      unwanted: () => false,
      abandon: () => {
        if (!input.until) this.counts.cancelled += range.count;
      },
      input: () =>
        walk.sealing.seal<LoopInput>({
          ...input,
          ...range,
          degree,
          ...(input.items ? { items: input.items.slice(from, from + range.count) } : {}),
          variables: { ...walk.variables.values },
          tell: walk.tell,
        }),
      ended: (task) => {
        this.free.push(degree);
        const result = resultOf<LoopResult>(task, walk.sealing);
        if ('broken' in result) {
          this.until?.breakOff(result.broken);
          return this.fail(input.until ? 1 : range.count, { round: range.first, error: result.broken });
        }
        this.until?.take(result.until);
        walk.variables.applyAll(result.changes);
        walk.response = result.response ?? walk.response;
        if (result.stop?.kind === 'terminated') walk.stop ??= result.stop;
        this.counts.succeeded += result.counts.succeeded;
        this.counts.cancelled += result.counts.cancelled;
        return this.fail(result.counts.failed, result.failure);
      },
    });
  }
}

function loopValue({ name, until }: LoopInput, item: unknown, index: number): LoopValue {
  return until ? { name, item: null, index, until: true } : { name, item, index };
}
