import { z } from 'zod';

export const parameterType = z.enum([
  'string',
  'int',
  'float',
  'bool',
  'array',
  'object',
  'securestring',
  'secureobject',
]);

/** A value that the flow is written with, apart from its trigger's data. */
export const flowParameter = z.strictObject({
  type: z.preprocess(
    (name) => (typeof name === 'string' ? name.toLowerCase() : name),
    parameterType.describe('Upper and lower case do not matter.'),
  ),
  defaultValue: z
    .unknown()
    .optional()
    .describe('What runs find there. Without it they fail (InvalidParameters).'),
  allowedValues: z.array(z.unknown()).min(1).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type FlowParameter = z.infer<typeof flowParameter>;
