import { z } from 'zod';
import { whenSessionBlocked } from './connections';
import { jsonSchema } from './desktop-flow';
import { resourceName } from './ids';
import { priority } from './runs';
import { eventTrigger, recurrenceTrigger } from './triggers';

/** ISO 8601 duration such as PT3H, P1D or PT90S; years and months are refused because their length varies. */
export const duration = z
  .string()
  .regex(
    /^P(?=\d|T\d)(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/,
    'is not an ISO 8601 duration such as PT3H',
  );

const runAfter = z.record(z.string(), z.array(z.enum(['Succeeded', 'Failed', 'Skipped', 'TimedOut'])).min(1));
const actionBase = { runAfter: runAfter.optional(), description: z.string().max(500).optional() };

const mode = z.enum(['attended', 'unattended']);

/**
 * Inputs of a desktop-flow action once every expression in them is evaluated (row A5). What an expression finds to be null counts
 * as not given.
 */
export const desktopFlowInputs = z.strictObject({
  desktopFlow: z.string().min(1),
  connection: z.string().min(1),
  mode: given(mode.default('unattended')),
  inputs: given(z.record(z.string(), z.unknown()).default({})),
  priority: given(priority.default('normal')),
  queueTimeout: given(duration.optional()),
  whenSessionBlocked: given(whenSessionBlocked.optional()),
});
export type DesktopFlowInputs = z.infer<typeof desktopFlowInputs>;

function given<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => value ?? undefined, schema);
}

/** A string that is evaluated when the action starts: `@…` as a whole, or `@{…}` somewhere in it. */
const EXPRESSION = /^@(?!@)|@\{/;

/** What the schema takes, or an expression whose value is checked when the action starts. */
function orExpression<S extends z.ZodType>(schema: S, error: string) {
  return z.union([schema, z.string().regex(EXPRESSION, error)], { error });
}

function oneOf(names: z.ZodEnum): string {
  return `is neither ${names.options.join(' nor ')}, and no expression (@…)`;
}

/** Row A5: runs one desktop flow over a connection. Strings may hold expressions. */
export const desktopFlowAction = z.strictObject({
  ...actionBase,
  type: z.literal('DesktopFlow'),
  inputs: z.strictObject({
    desktopFlow: z.string().min(1),
    connection: z.string().min(1),
    mode: orExpression(mode, oneOf(mode)).default('unattended'),
    inputs: z.record(z.string(), z.unknown()).default({}),
    priority: orExpression(priority, oneOf(priority)).default('normal'),
    /** How long the run may wait for a machine, from its request (row F7). */
    queueTimeout: orExpression(
      duration,
      'is neither an ISO 8601 duration such as PT3H nor an expression (@…)',
    ).optional(),
    /** Row C8; default: that of the connection. */
    whenSessionBlocked: orExpression(whenSessionBlocked, oneOf(whenSessionBlocked)).optional(),
  }),
  /** How long the run may execute (row I1). */
  limit: z.strictObject({ timeout: duration }).optional(),
});
export type DesktopFlowAction = z.infer<typeof desktopFlowAction>;

export const composeAction = z.strictObject({
  ...actionBase,
  type: z.literal('Compose'),
  inputs: z.unknown(),
});

export const flowAction = z.discriminatedUnion('type', [desktopFlowAction, composeAction]);
export type FlowAction = z.infer<typeof flowAction>;

export const requestTrigger = z.strictObject({
  type: z.literal('Request'),
  kind: z.enum(['Button', 'Http']).default('Button'),
  inputs: z.strictObject({ schema: jsonSchema }).optional(),
});

const flowTrigger = z.discriminatedUnion('type', [requestTrigger, recurrenceTrigger, eventTrigger]);
export type FlowTrigger = z.infer<typeof flowTrigger>;

/** A cloud flow in the Workflow Definition Language, as far as it is supported. */
export const flowDefinition = z.strictObject({
  name: resourceName,
  description: z.string().max(500).optional(),
  triggers: z
    .record(z.string(), flowTrigger)
    .refine((all) => Object.keys(all).length === 1, 'name exactly one trigger'),
  actions: z
    .record(z.string(), flowAction)
    .refine((all) => Object.keys(all).length > 0, 'name at least one action'),
  /** What the run answers with; expressions over the actions' outputs. */
  outputs: z.record(z.string(), z.unknown()).optional(),
});
export type FlowDefinition = z.infer<typeof flowDefinition>;
