import { z } from 'zod';
import { jsonSchema } from '../desktop-flow';
import { condition, orExpression, plainAction } from './basics';

const from = orExpression(z.array(z.unknown()), 'is neither a list nor an expression (@…)').describe(
  'The list that it works on.',
);

export const selectAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Select'),
    inputs: z.strictObject({
      from,
      select: z
        .unknown()
        .describe('What becomes of each item: a value with expressions; `item()` is the item.'),
    }),
  })
  .describe('Makes a new item of each item of a list; its outputs are the new list.');

export const queryAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Query'),
    inputs: z.strictObject({
      from,
      where: condition.describe('Items for which it is true stay; `item()` is the item.'),
    }),
  })
  .describe('Filters a list; its outputs are the items that stay.');

export const tableAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Table'),
    inputs: z.strictObject({
      from,
      format: z.enum(['CSV', 'HTML'], { error: 'is neither CSV nor HTML' }),
      columns: z
        .array(
          z.strictObject({
            header: z.string().optional().describe('Without any, the table has no line of headers.'),
            value: z.unknown().describe('What stands in the column; `item()` is the item of the row.'),
          }),
        )
        .min(1)
        .optional()
        .describe('Default: one column for each property of the first item.'),
    }),
  })
  .describe('Makes a table of a list; its outputs are the text of the table.');

export const joinAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Join'),
    inputs: z.strictObject({ from, joinWith: z.string().describe('What stands between two items.') }),
  })
  .describe('Puts the items of a list into one text; its outputs are that text.');

export const parseJsonAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('ParseJson'),
    inputs: z.strictObject({
      content: z.unknown().describe('JSON text, or a value that is one already.'),
      schema: jsonSchema.describe('JSON Schema (draft 2020-12) that the value has to fit; no expressions.'),
    }),
  })
  .describe('Reads JSON and checks it; its outputs are the value.');

/** Actions that make one value of another without leaving the flow. */
export type DataOperation = z.infer<
  typeof selectAction | typeof queryAction | typeof tableAction | typeof joinAction | typeof parseJsonAction
>;
