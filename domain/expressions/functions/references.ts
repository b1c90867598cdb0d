import { FunctionProblem } from '../expression-error';
import type { ActionValue, ExpressionScope, LoopValue } from '../scope';
import { isObject, type JsonObject } from '../values';
import { define, text, type NamedThing } from './define';

/** What a flow's expressions see of the run: its trigger, actions, loops, variables, parameters. */
export const references = [
  define({
    name: 'trigger',
    group: 'Flow',
    says: 'The trigger: its name, start time, outputs.',
    parameters: [],
    call: (_values, { scope }) => ({
      name: scope.trigger.name ?? null,
      startTime: scope.trigger.startTime ?? null,
      outputs: triggerOutputs(scope),
    }),
  }),
  define({
    name: 'triggerOutputs',
    group: 'Flow',
    says: "The trigger's outputs; `body` is what it was started with.",
    parameters: [],
    call: (_values, { scope }) => triggerOutputs(scope),
  }),
  define({
    name: 'triggerBody',
    group: 'Flow',
    says: 'What the run was started with.',
    parameters: [],
    call: (_values, { scope }) => triggerBody(scope),
  }),
  define({
    name: 'actions',
    group: 'Flow',
    says: 'An action that ended before: status, times, inputs, outputs, error.',
    names: 'action',
    parameters: [text('action')],
    call: ([name], { scope }) => actionView(name, named(scope.actions, 'action', name)),
  }),
  define({
    name: 'outputs',
    group: 'Flow',
    says: 'The outputs of an action that ended before.',
    names: 'action',
    parameters: [text('action')],
    call: ([name], { scope }) => named(scope.actions, 'action', name).outputs ?? null,
  }),
  define({
    name: 'body',
    group: 'Flow',
    says: 'The body of what an action answered; its outputs where it has no body of its own.',
    names: 'action',
    parameters: [text('action')],
    call: ([name], { scope }) => bodyOf(named(scope.actions, 'action', name)),
  }),
  define({
    name: 'result',
    group: 'Flow',
    says: 'The actions of a scope or loop that ended before, as `actions()` shows them.',
    names: 'scope',
    parameters: [text('scope')],
    call: ([name], { scope }) => named(scope.results, 'scope', name),
  }),
  define({
    name: 'item',
    group: 'Flow',
    says: 'The item of the innermost list: that of a `Select`, `Query` or `Table`, else that of a `Foreach` around the action.',
    parameters: [],
    call: (_values, { scope }) => innermost(scope, 'item()').item,
  }),
  define({
    name: 'items',
    group: 'Flow',
    says: 'The item of a `Foreach` around the action.',
    names: 'list',
    parameters: [text('loop')],
    call: ([name], { scope }) => {
      const loop = loopNamed(scope, name);
      if (loop.until) throw new FunctionProblem(`"${name}" goes over no list`);
      return loop.item;
    },
  }),
  define({
    name: 'iterationIndexes',
    group: 'Flow',
    says: 'The number of the round of a loop around the action, from 0.',
    names: 'loop',
    parameters: [text('loop')],
    call: ([name], { scope }) => loopNamed(scope, name).index,
  }),
  define({
    name: 'variables',
    group: 'Flow',
    says: 'The value of a variable now.',
    names: 'variable',
    parameters: [text('variable')],
    call: ([name], { scope }) => named(scope.variables, 'variable', name),
  }),
  define({
    name: 'parameters',
    group: 'Flow',
    says: "The value of one of the flow's parameters.",
    names: 'parameter',
    parameters: [text('parameter')],
    call: ([name], { scope }) => named(scope.parameters, 'parameter', name),
  }),
  define({
    name: 'workflow',
    group: 'Flow',
    says: 'The flow and its run: `workflow().name`, `workflow().run.name`.',
    parameters: [],
    call: (_values, { scope }) => scope.workflow ?? {},
  }),
];

function triggerOutputs({ trigger }: ExpressionScope): unknown {
  return trigger.outputs === undefined ? { body: trigger.body ?? null } : trigger.outputs;
}

function triggerBody({ trigger }: ExpressionScope): unknown {
  if (trigger.body !== undefined) return trigger.body;
  return isObject(trigger.outputs) ? (trigger.outputs['body'] ?? null) : null;
}

function bodyOf({ body, outputs }: ActionValue): unknown {
  return body === undefined ? (outputs ?? null) : body;
}

/** An action as `actions('name')` and `result('scope')` show it. */
export function actionView(name: string, action: ActionValue): JsonObject {
  return Object.fromEntries([
    ['name', name],
    ...Object.entries(action).filter(([, value]) => value !== undefined),
  ]);
}

/** @throws FunctionProblem */
function named<T>(all: Readonly<Record<string, T>> | undefined, thing: NamedThing, name: string): T {
  const found = all && Object.hasOwn(all, name) ? all[name] : undefined;
  if (found !== undefined) return found;
  const ended = thing === 'action' || thing === 'scope' ? ' that ended before' : '';
  throw new FunctionProblem(`"${name}" is no ${thing}${ended}`);
}

function innermost({ loops = [] }: ExpressionScope, what: string): LoopValue {
  const loop = loops.findLast(({ until }) => !until);
  if (!loop) throw new FunctionProblem(`${what} stands in no loop over a list`);
  return loop;
}

function loopNamed({ loops = [] }: ExpressionScope, name: string): LoopValue {
  const loop = loops.find((one) => one.name === name);
  if (!loop) throw new FunctionProblem(`"${name}" is no loop around the action`);
  return loop;
}
