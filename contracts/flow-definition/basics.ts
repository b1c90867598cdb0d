import { z } from 'zod';

/** ISO 8601 duration such as PT3H, P1D or PT90S; years and months are refused because their length varies. */
export const duration = z
  .string()
  .regex(
    /^P(?=\d|T\d)(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/,
    'is not an ISO 8601 duration such as PT3H',
  );

/** A string that is evaluated when the action starts: `@…` as a whole, or `@{…}` somewhere in it. */
export const EXPRESSION = /^@(?!@)|@\{/;

/** What the schema takes, or an expression whose value is checked when the action starts. */
export function orExpression<S extends z.ZodType>(schema: S, error: string) {
  return z.union([schema, z.string().regex(EXPRESSION, error)], { error });
}

/** An expression that gives true or false, or conditions such as `{ "and": [ { "equals": [a, b] } ] }`. */
export const condition = orExpression(
  z.record(z.string(), z.unknown()),
  'is neither an expression (@…) nor an object of conditions such as { "equals": [a, b] }',
);

export function oneOf(names: z.ZodEnum): string {
  return `is neither ${names.options.join(' nor ')}, and no expression (@…)`;
}

/** What an expression finds to be null counts as not given. */
export function given<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => value ?? undefined, schema);
}

/** Unique over the whole definition; the characters that a path of actions or a key of the store is made of are left out. */
export const actionName = z
  .string()
  .regex(
    /^[^\p{Cc}<>%&\\?/#[\]|'"@{}:*+~^`]{1,80}$/u,
    'is not an action name (1 to 80 characters, none of < > % & \\ ? / # [ ] | \' " @ { } : * + ~ ^ `)',
  );

const runAfter = z
  .record(z.string(), z.array(z.enum(['Succeeded', 'Failed', 'Skipped', 'TimedOut'])).min(1))
  .describe(
    'Starts when every action named here has ended as listed; when one ended otherwise, this action is skipped. Empty or absent: starts with its block.',
  );

/** Row A8: what is shown of the action as masked. */
const secureData = z.strictObject({
  properties: z
    .array(z.enum(['inputs', 'outputs']))
    .min(1)
    .describe('What is masked wherever runs are shown.'),
});

export const runtimeConfiguration = z.strictObject({ secureData: secureData.optional() });

export const limit = z
  .strictObject({
    timeout: duration.describe(
      'The action ends as TimedOut after this; what it started is asked to stop (row I1).',
    ),
  })
  .optional();

export const actionBase = {
  runAfter: runAfter.optional(),
  description: z.string().max(500).optional(),
  metadata: z.record(z.string(), z.unknown()).optional().describe('Kept for editors.'),
};

export const plainAction = { ...actionBase, runtimeConfiguration: runtimeConfiguration.optional() };

const retryShape = {
  count: z.int().min(1).max(20).describe('Tries after the first.'),
  interval: duration.describe('Pause before the second try.'),
};

/** Row A5: only errors that the catalogue calls transient are tried again. */
export const retryPolicy = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }),
    z.strictObject({ type: z.literal('fixed'), ...retryShape }),
    z.strictObject({
      type: z.literal('exponential'),
      ...retryShape,
      minimumInterval: duration.optional(),
      maximumInterval: duration.optional().describe('Pauses double up to this; default PT1H.'),
    }),
  ])
  .describe('Whether and when an action is tried again after a transient error.');
export type RetryPolicy = z.infer<typeof retryPolicy>;
