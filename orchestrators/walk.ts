import type { DurableOrchestrationContext, Task } from 'durable-functions';
import type { FlowActions } from '../contracts/flow-definition/control-actions';
import { everyAction } from '../domain/flows/action-tree';
import type { LoopValue } from '../domain/expressions/scope';
import { fitActions } from '../domain/flows/fit-status';
import type { Outcome, Outcomes, Stop } from '../domain/flows/outcome';
import { hasParallelBranches, inOrder } from '../domain/flows/plan';
import { actionsRead } from '../domain/flows/references';
import { scopeOf, withInside, type RunFacts } from '../domain/flows/run-facts';
import { LARGEST_SEGMENT, weightOfBlock } from '../domain/flows/segments';
import { Variables } from '../domain/flows/variables';
import type { EndedEarly, FlowMessage } from '../domain/runs/inbox-messages';
import type { ActionStatus, IterationCounts } from '../contracts/runs';
import { ChildNumbers } from './child-numbers';
import { Inbox } from './inbox';
import { OpenChildren } from './open-children';
import type { NewRecord } from './record-actions.activity';
import type { RunSealing } from './run-sealing';
import { isOfVersion } from './versions';

/** What the actions of one round of a loop, or of the flow outside of loops, know of each other. */
export interface Frame {
  loops: readonly LoopValue[];
  /** Outcomes from outside and of its own actions. */
  outcomes: Outcomes;
}

/** Actions side by side that are walked now: the flow itself, the inside of a scope or branch, or one round of a loop. */
export interface Block {
  frame: Frame;
  /** Path of what it stands in (`ActionRecord.parent`). */
  path: string;
  actions: FlowActions;
  /** Those that have not started, each after those it waits for. */
  waiting: Set<string>;
  open: Set<string>;
  /** Too much for one history: what can start is given to child orchestrations. */
  divided: boolean;
  /** What is evaluated when all has ended, before the block is gone. */
  atEnd?: unknown;
  outer?: Block | undefined;
  stop?: Stop | undefined;
  /** Called when all its actions have ended. */
  ended(stop: Stop | undefined): void;
}

/** A timer: of a Wait action, or of a limit. */
export interface Alarm {
  block: Block;
  /** The action that it belongs to; the alarm is off when that has ended. */
  name: string;
  untilMs: number;
  /** It is time; or the block was stopped (only for `onStop`). */
  ring(stop?: Stop): void;
  onStop: boolean;
}

export interface Start {
  /** Runs activities that have to come before. */
  prepare?: () => Generator<Task, void, unknown>;
  task: () => Task;
  /** The whole was stopped before it could start. */
  abandon: () => void;
}

/** An answer that a Response action gave: it becomes the outputs' `response`. */
export interface FlowResponse {
  statusCode: number;
  headers?: Record<string, string> | undefined;
  body?: unknown;
}

/** What one orchestration walks. */
export class Walk {
  readonly inbox: Inbox<FlowMessage>;
  readonly children: OpenChildren;
  readonly variables: Variables;
  readonly blocks = new Set<Block>();
  readonly starting: Start[] = [];
  alarms: Alarm[] = [];
  /** Records that are not written yet, with the outcomes that they tell of. */
  unrecorded: { record: NewRecord; outcome?: Outcome }[] = [];
  stop: Stop | undefined;
  response: FlowResponse | undefined;
  private numbers: ChildNumbers | undefined;
  /** Version 1: desktop-flow runs and child orchestrations that this instance has started. */
  private numbered = 0;
  private parts = 0;
  /** Instance for children to tell that they are about to end; a plain chain needs none. */
  tell: string | undefined;
  /** Called before each pause; starts more rounds of a loop. */
  feed: (() => boolean) | undefined;
  /** Runs before each pause, after what has ended was recorded. */
  beforePause: (() => Generator<Task, void, unknown>) | undefined;
  /** Segments that were started, and words that they send before they end. */
  spent = 0;
  /** Actions whose inputs and outputs are read outside of what is walked here. */
  wanted: ReadonlySet<string> = new Set();
  /** The frame whose actions are shown. */
  shownFrame: Frame | undefined;
  private readonly reads = new Map<FlowActions, Map<string, Set<string>>>();
  /** Called with what a part told of before its end. */
  readonly early = new Map<string, (told: EndedEarly) => void>();

  constructor(
    readonly df: DurableOrchestrationContext,
    readonly facts: RunFacts,
    readonly sealing: RunSealing,
    variables: Readonly<Record<string, unknown>>,
    inbox?: Inbox<FlowMessage>,
  ) {
    this.inbox = inbox ?? new Inbox(df);
    this.children = new OpenChildren(this);
    this.variables = new Variables(variables);
  }

  hear(message: FlowMessage): void {
    if (message.kind === 'cancel') this.stop ??= { kind: 'cancelled', by: message.by };
    else if (message.kind === 'actionsEnded') this.hearEarly(message);
  }

  private hearEarly({ child, kind: _kind, ...told }: Extract<FlowMessage, { kind: 'actionsEnded' }>): void {
    this.early.get(child)?.(this.sealing.open<EndedEarly>(told));
  }

  get nowMs(): number {
    return this.inbox.nowMs;
  }

  get now(): string {
    return new Date(this.nowMs).toISOString();
  }

  /** Says what is walked here, so that children are numbered by it. @param firstRound where it is walked in rounds. */
  numberBy(actions: FlowActions, firstRound?: number): void {
    if (isOfVersion(this.df, 2)) this.numbers = new ChildNumbers(actions, firstRound);
  }

  /** Id of the desktop-flow run of an action. */
  idOfRun(name: string, { loops }: Pick<Frame, 'loops'>): string {
    return `${this.df.instanceId}-${this.numbers?.of('run', name, loops) ?? ++this.numbered}`;
  }

  /** Id of the child that walks the inside, the rounds or the tries of an action. */
  idOfPart(name: string, { loops }: Pick<Frame, 'loops'>): string {
    return `${this.df.instanceId}.${this.numbers?.of('part', name, loops) ?? ++this.parts}`;
  }

  /** Id of the child that walks the segment that begins with an action. */
  idOfSegment(first: string, { loops }: Pick<Frame, 'loops'>): string {
    return `${this.df.instanceId}.${this.numbers?.of('segment', first, loops) ?? ++this.parts}`;
  }

  open(
    block: Pick<Block, 'frame' | 'path' | 'actions' | 'ended'> & Partial<Pick<Block, 'outer' | 'atEnd'>>,
  ): Block {
    const opened: Block = {
      ...block,
      waiting: new Set(inOrder(block.actions)),
      open: new Set(),
      divided: weightOfBlock(block.actions) > LARGEST_SEGMENT,
    };
    this.blocks.add(opened);
    if (opened.divided || hasParallelBranches(block.actions)) this.tell = this.df.instanceId;
    return opened;
  }

  scope({ frame }: Pick<Block, 'frame'>, name: string): ReturnType<typeof scopeOf> {
    return scopeOf({
      facts: this.facts,
      outcomes: frame.outcomes,
      variables: this.variables.values,
      loops: frame.loops,
      nowMs: this.nowMs,
      seed: `${this.df.instanceId}/${name}/${frame.loops.map(({ index }) => index).join('.')}`,
    });
  }

  /** Actions among these, or inside them, that others read: in the blocks around, or wherever the whole is read. */
  wantedOf(block: Block, actions: FlowActions): string[] {
    const own = new Set(everyAction(actions).map(({ name }) => name));
    const wanted = new Set(this.wanted);
    for (let around: Block | undefined = block; around; around = around.outer) {
      for (const [reader, read] of this.readsOf(around.actions)) {
        if (!own.has(reader)) for (const name of read) wanted.add(name);
      }
    }
    return [...wanted].filter((name) => own.has(name));
  }

  private readsOf(actions: FlowActions): Map<string, Set<string>> {
    const known = this.reads.get(actions);
    const reads =
      known ??
      new Map(
        Object.entries(actions).map(([name, action]) => [name, withInside(this.facts, actionsRead(action))]),
      );
    if (!known) this.reads.set(actions, reads);
    return reads;
  }

  /** Starts a child orchestration at the next pause. */
  startChild(options: {
    orchestration: string;
    instance: string;
    input: () => unknown;
    ended: (task: Task) => void;
    abandon: () => void;
    unwanted: () => boolean;
    shown: boolean;
    prepare?: () => Generator<Task, void, unknown>;
  }): void {
    const { orchestration, instance, input, prepare, abandon, ...child } = options;
    this.starting.push({
      ...(prepare ? { prepare } : {}),
      abandon,
      task: () => {
        const task = this.df.callSubOrchestrator(orchestration, input(), instance);
        this.children.add({ ...child, instance, task });
        return task;
      },
    });
  }

  /** Shows where it is; `loop` in place of the actions while it walks rounds of one. */
  show(loop?: { name: string; iterations: IterationCounts }): void {
    const actions: Record<string, ActionStatus> = loop
      ? { [loop.name]: { status: 'Running', iterations: loop.iterations } }
      : fitActions(shownOutcomes(this.facts, this.shownFrame));
    this.df.setCustomStatus({ state: 'Running', actions, parts: this.children.shown });
  }
}

/** What may be shown of each action: nothing masked. */
export function shownOutcomes(
  { masked }: Pick<RunFacts, 'masked'>,
  frame: Frame | undefined,
): Record<string, ActionStatus> {
  return Object.fromEntries(
    Object.entries(frame?.outcomes ?? {}).map(([name, outcome]) => {
      const { inputs: _inputs, outputsHash, outputs, ...status } = outcome;
      const hidden = masked[name]?.includes('outputs') ?? false;
      return [
        name,
        hidden || outputsHash !== undefined || outputs === undefined ? status : { ...status, outputs },
      ];
    }),
  );
}

export function stopOf(walk: Walk, block: Block): Stop | undefined {
  return walk.stop ?? block.stop ?? (block.outer ? stopOf(walk, block.outer) : undefined);
}

/** `Loop[3]` and `Scope` are `Loop[3]/Scope`. */
export function within(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
