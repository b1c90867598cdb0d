import { z } from 'zod';
import { actionBase, orExpression, plainAction } from './basics';

export const composeAction = z
  .strictObject({ ...plainAction, type: z.literal('Compose'), inputs: z.unknown() })
  .describe('Its evaluated inputs are its outputs.');

export const variableType = z.enum(['boolean', 'integer', 'float', 'string', 'object', 'array']);

const variableName = z.string().min(1).max(80);
const named = z.strictObject({ name: variableName, value: z.unknown() });

export const initializeVariableAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('InitializeVariable'),
    inputs: z.strictObject({
      variables: z
        .array(z.strictObject({ name: variableName, type: variableType, value: z.unknown().optional() }))
        .min(1),
    }),
  })
  .describe('Makes variables of the run; only outside of other actions.');

export const setVariableAction = z.strictObject({
  ...plainAction,
  type: z.literal('SetVariable'),
  inputs: named,
});

const step = z.strictObject({
  name: variableName,
  value: orExpression(z.number(), 'is neither a number nor an expression (@…)').default(1),
});

export const incrementVariableAction = z.strictObject({
  ...plainAction,
  type: z.literal('IncrementVariable'),
  inputs: step,
});

export const decrementVariableAction = z.strictObject({
  ...plainAction,
  type: z.literal('DecrementVariable'),
  inputs: step,
});

export const appendToArrayVariableAction = z.strictObject({
  ...plainAction,
  type: z.literal('AppendToArrayVariable'),
  inputs: named,
});

export const appendToStringVariableAction = z.strictObject({
  ...plainAction,
  type: z.literal('AppendToStringVariable'),
  inputs: named,
});

export const terminateAction = z
  .strictObject({
    ...actionBase,
    type: z.literal('Terminate'),
    inputs: z.strictObject({
      runStatus: z.enum(['Succeeded', 'Failed', 'Cancelled']),
      runError: z
        .strictObject({ code: z.string().max(200).optional(), message: z.string().max(2_000).optional() })
        .optional(),
    }),
  })
  .describe('Ends the run with this status; what runs is asked to stop.');

export const responseAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Response'),
    kind: z.literal('Http').optional(),
    inputs: z.strictObject({
      statusCode: orExpression(
        z.int().min(100).max(599),
        'is neither an HTTP status nor an expression (@…)',
      ).default(200),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
    }),
  })
  .describe("What the run answers: it stands in the run's outputs as `response`; the last one counts.");

const unit = z.enum(['Second', 'Minute', 'Hour', 'Day', 'Week']);

export const waitAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Wait'),
    inputs: z.union(
      [
        z.strictObject({
          interval: z.strictObject({
            count: orExpression(z.number().min(0), 'is neither a number nor an expression (@…)'),
            unit,
          }),
        }),
        z.strictObject({
          until: z.strictObject({
            timestamp: orExpression(
              z.iso.datetime({ offset: true }),
              'is neither an instant such as 2026-01-31T08:00:00Z nor an expression (@…)',
            ),
          }),
        }),
      ],
      { error: 'must have either interval {count, unit} or until {timestamp}' },
    ),
  })
  .describe('Waits for an interval, or until an instant; for any length of time.');

/** Inputs of the wait once evaluated. */
export const waitInputs = z.union([
  z.strictObject({ interval: z.strictObject({ count: z.coerce.number().min(0), unit }) }),
  z.strictObject({ until: z.strictObject({ timestamp: z.iso.datetime({ offset: true }) }) }),
]);
