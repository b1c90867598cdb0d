import { z } from 'zod';
import {
  actionBase,
  actionName,
  condition,
  duration,
  EXPRESSION,
  limit,
  plainAction,
  runtimeConfiguration,
} from './basics';
import {
  appendToArrayVariableAction,
  appendToStringVariableAction,
  composeAction,
  decrementVariableAction,
  incrementVariableAction,
  initializeVariableAction,
  responseAction,
  setVariableAction,
  terminateAction,
  waitAction,
} from './data-actions';
import { desktopFlowAction } from './desktop-flow-action';
import { httpAction } from './http-action';
import { joinAction, parseJsonAction, queryAction, selectAction, tableAction } from './data-operations';

/** Actions by name. */
export interface FlowActions {
  [name: string]: FlowAction;
}

/** A block of actions, at any depth. */
export const flowActions: z.ZodType<FlowActions> = z
  .lazy(() => z.record(actionName, flowAction))
  .describe('Actions by name; a name is used once in the whole definition.');

const block = z.strictObject({ actions: flowActions });

export const ifAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('If'),
    expression: condition,
    actions: flowActions,
    else: block.optional(),
  })
  .describe('Walks `actions` when the expression is true, else those of `else`; the others are skipped.');
export type IfAction = z.infer<typeof ifAction>;

export const switchAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Switch'),
    expression: z.unknown().describe('Its value is compared with the `case` of each of the cases.'),
    cases: z.record(
      z.string(),
      z.strictObject({ case: z.union([z.string(), z.number()]), actions: flowActions }),
    ),
    default: block.optional(),
  })
  .describe('Walks the actions of the case that equals the expression, else those of `default`.');
export type SwitchAction = z.infer<typeof switchAction>;

export const scopeAction = z
  .strictObject({ ...actionBase, type: z.literal('Scope'), actions: flowActions, limit })
  .describe('Walks a block of actions and ends as the block ends.');

export const foreachAction = z
  .strictObject({
    ...actionBase,
    type: z.literal('Foreach'),
    foreach: z.union([z.string().regex(EXPRESSION), z.array(z.unknown())], {
      error: 'is neither an expression (@…) nor a list',
    }),
    actions: flowActions,
    runtimeConfiguration: runtimeConfiguration
      .extend({
        concurrency: z
          .strictObject({ repetitions: z.int().min(1).max(50) })
          .optional()
          .describe('How many items at the same time; 1: one after the other. Default 20.'),
      })
      .optional(),
    limit,
  })
  .describe('Walks the actions once for each item of a list; `items(…)` is the item.');
export type ForeachAction = z.infer<typeof foreachAction>;

/** Defaults of Logic Apps. */
const untilLimit = { count: 60, timeout: 'PT1H' };

export const untilAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Until'),
    expression: condition.describe('Evaluated after each round; the loop ends when it is true.'),
    actions: flowActions,
    limit: z
      .strictObject({
        count: z.int().min(1).max(5_000).default(untilLimit.count).describe('Rounds at most.'),
        timeout: duration
          .default(untilLimit.timeout)
          .describe('After this no further round begins; one that goes on is not stopped.'),
      })
      .default(untilLimit)
      .describe('Ends the loop as its last round ended, although the expression is not true.'),
    operationOptions: z
      .literal('FailWhenLimitsReached', { error: 'is not FailWhenLimitsReached' })
      .optional()
      .describe('The loop fails when it ends by its limit.'),
  })
  .describe('Walks the actions again and again, until the expression is true.');
export type UntilAction = z.infer<typeof untilAction>;

const actionTypes = [
  desktopFlowAction,
  composeAction,
  selectAction,
  queryAction,
  tableAction,
  joinAction,
  parseJsonAction,
  initializeVariableAction,
  setVariableAction,
  incrementVariableAction,
  decrementVariableAction,
  appendToArrayVariableAction,
  appendToStringVariableAction,
  ifAction,
  switchAction,
  foreachAction,
  untilAction,
  scopeAction,
  waitAction,
  httpAction,
  terminateAction,
  responseAction,
] as const;

/** Names of the types of actions that there are. */
export const actionTypeNames: readonly string[] = actionTypes.map(({ shape }) => shape.type.value);

export const flowAction = z.discriminatedUnion('type', actionTypes, {
  error: `is not a type of action that is supported: ${actionTypeNames.join(', ')}`,
});
export type FlowAction = z.infer<(typeof actionTypes)[number]>;
