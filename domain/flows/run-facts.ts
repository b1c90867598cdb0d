import type { FlowDefinition } from '../../contracts/flow-definition';
import type { FlowActions } from '../../contracts/flow-definition/control-actions';
import type { ExpressionScope, LoopValue, TriggerValue } from '../expressions/scope';
import { everyAction, innerNames } from './action-tree';
import { maskedParts, type MaskedParts } from './masking';
import type { Outcome, Outcomes } from './outcome';
import { actionsRead, readsTrigger, referencesIn } from './references';

/** What is the same in every orchestration that walks a part of a run. */
export interface RunFacts {
  run: string;
  flow: string;
  startedBy?: string | undefined;
  /** Absent in parts that do not read it. */
  trigger?: TriggerValue | undefined;
  parameters: Record<string, unknown>;
  workflow: Record<string, unknown>;
  /** What must not be shown. */
  masked: MaskedParts;
  /** For `result('Scope')`: the actions inside, by the name of each scope that is read so. */
  results: Record<string, string[]>;
}

/** The parts of the facts that come from the definition alone. */
export function factsOfDefinition(definition: FlowDefinition): Pick<RunFacts, 'masked' | 'results'> {
  const named = new Set(
    referencesIn(definition).flatMap(({ call, name }) => (call === 'result' ? [name] : [])),
  );
  const results = everyAction(definition.actions)
    .filter(({ name }) => named.has(name))
    .map(({ name, action }) => [name, innerNames(action)] as const);
  return { masked: maskedParts(definition), results: Object.fromEntries(results) };
}

/** The facts as a part with these actions and other templates needs them: the trigger's data can be large. */
export function factsFor(facts: RunFacts, templates: unknown): RunFacts {
  if (readsTrigger(templates)) return facts;
  const { trigger: _trigger, ...rest } = facts;
  return rest;
}

/** Those outcomes that these actions wait for or read, or another template reads; outputs only where they are read. */
export function outcomesFor(
  facts: RunFacts,
  actions: FlowActions,
  outcomes: Readonly<Outcomes>,
  template?: unknown,
): Outcomes {
  const read = withInside(facts, actionsRead([actions, template]));
  const awaited = Object.values(actions).flatMap((action) => Object.keys(action.runAfter ?? {}));
  const needed: Outcomes = {};
  for (const name of new Set([...awaited, ...read])) {
    const outcome = outcomes[name];
    if (!outcome || Object.hasOwn(actions, name)) continue;
    needed[name] = read.has(name) ? outcome : statusOnly(outcome);
  }
  return needed;
}

/** With the actions inside the scopes that are read by `result()`. */
export function withInside({ results }: Pick<RunFacts, 'results'>, names: Iterable<string>): Set<string> {
  const all = new Set(names);
  for (const name of all) for (const inner of results[name] ?? []) all.add(inner);
  return all;
}

export function statusOnly({ status }: Outcome): Outcome {
  return { status };
}

/** What the expressions of one action see. */
export function scopeOf(options: {
  facts: RunFacts;
  outcomes: Readonly<Outcomes>;
  variables: Readonly<Record<string, unknown>>;
  loops: readonly LoopValue[];
  nowMs: number;
  seed: string;
}): ExpressionScope {
  const { facts, outcomes, variables, loops, nowMs, seed } = options;
  const actions = Object.fromEntries(
    Object.entries(outcomes).map(([name, outcome]) => [name, actionValue(outcome)]),
  );
  const results = Object.fromEntries(
    Object.entries(facts.results).map(([name, inside]) => [
      name,
      inside.flatMap((inner) => (actions[inner] ? [{ name: inner, ...actions[inner] }] : [])),
    ]),
  );
  return {
    now: nowMs,
    trigger: facts.trigger ?? {},
    actions,
    variables,
    parameters: facts.parameters,
    workflow: facts.workflow,
    loops,
    results,
    seed,
  };
}

function actionValue({
  status,
  startedAt,
  endedAt,
  inputs,
  outputs,
  error,
}: Outcome): ExpressionScope['actions'][string] {
  return {
    status,
    startTime: startedAt,
    endTime: endedAt,
    inputs: inputs ?? null,
    outputs: outputs ?? null,
    ...(isAnswer(outputs) ? { body: outputs.body ?? null } : {}),
    error: error ?? null,
    code: error?.code,
  };
}

/** Outputs of an HTTP action: `body('x')` is the body of the answer. */
function isAnswer(outputs: unknown): outputs is { body?: unknown } {
  return typeof outputs === 'object' && outputs !== null && 'statusCode' in outputs && 'headers' in outputs;
}
