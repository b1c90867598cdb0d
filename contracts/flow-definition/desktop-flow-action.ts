import { z } from 'zod';
import { whenSessionBlocked } from '../connections';
import { priority } from '../runs';
import { duration, given, limit, oneOf, orExpression, plainAction, retryPolicy } from './basics';

const mode = z.enum(['attended', 'unattended']);

/** Inputs of a desktop-flow action once every expression in them is evaluated (row A5). */
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

/** Row A5: runs one desktop flow over a connection. Strings may hold expressions. */
export const desktopFlowAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('DesktopFlow'),
    inputs: z.strictObject({
      desktopFlow: z.string().min(1).describe('Name of the desktop flow.'),
      connection: z.string().min(1).describe('Name of the connection: which machine, and as whom.'),
      mode: orExpression(mode, oneOf(mode)).default('unattended'),
      inputs: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("Inputs of the desktop flow, as its manifest's schema has them."),
      priority: orExpression(priority, oneOf(priority)).default('normal'),
      queueTimeout: orExpression(
        duration,
        'is neither an ISO 8601 duration such as PT3H nor an expression (@…)',
      )
        .optional()
        .describe('How long the run may wait for a machine, from its request (row F7).'),
      whenSessionBlocked: orExpression(whenSessionBlocked, oneOf(whenSessionBlocked))
        .optional()
        .describe('Row C8; default: that of the connection.'),
      retryPolicy: retryPolicy
        .optional()
        .describe('Default: none. Each try is a desktop-flow run of its own.'),
    }),
    limit: limit.describe('How long one run may execute (row I1); default PT24H.'),
  })
  .describe('Runs a desktop flow on a machine.');
export type DesktopFlowAction = z.infer<typeof desktopFlowAction>;
