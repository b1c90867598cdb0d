/** What expressions can see. All of it is given: the same scope always makes the same value. */
export interface ExpressionScope {
  /** Instant of `utcNow()`: ms since the epoch. */
  now: number;
  trigger: TriggerValue;
  /** Actions that have ended, by name, and those that are under way without outputs. */
  actions: Readonly<Record<string, ActionValue>>;
  variables?: Readonly<Record<string, unknown>>;
  parameters?: Readonly<Record<string, unknown>>;
  /** Answer of `workflow()`. */
  workflow?: Readonly<Record<string, unknown>>;
  /** The loops around the action, outermost first. */
  loops?: readonly LoopValue[];
  /** Answer of `result('scope')` by name of the scope or loop: its actions as `actions()` shows them. */
  results?: Readonly<Record<string, readonly unknown[]>>;
  /** What `guid()` and `rand()` are made from: another one for each run, action, iteration and attempt. */
  seed?: string;
}

export interface TriggerValue {
  name?: string | undefined;
  /** ISO 8601. */
  startTime?: string | undefined;
  /** Answer of `triggerOutputs()`; default: `{ body }`. */
  outputs?: unknown;
  body?: unknown;
}

/** One action as `actions('name')` shows it. */
export interface ActionValue {
  status: string;
  /** ISO 8601. */
  startTime?: string | undefined;
  endTime?: string | undefined;
  inputs?: unknown;
  outputs?: unknown;
  /** Answer of `body('name')`; default: the outputs. */
  body?: unknown;
  error?: unknown;
  code?: string | undefined;
}

/** One loop (`Foreach`, `Until`, or the list of `item()`) at one of its rounds. */
export interface LoopValue {
  name: string;
  /** Null when it goes over no list. */
  item: unknown;
  /** It goes over no list: `item()` is that of a loop further out. */
  until?: true;
  /** From 0. */
  index: number;
}
