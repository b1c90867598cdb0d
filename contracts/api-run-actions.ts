import { z } from 'zod';
import { actionRecord } from './action-records';
import { runError } from './api-runs';

/*
 * GET  /api/runs/{run}/actions?parent=&top=&continuation=   runActions: actions that have ended, with what they were given and gave
 * GET  /api/runs/{run}/values/{hash}                        a value that is too long for that list
 */

export const runActionsQuery = z.strictObject({
  parent: z
    .string()
    .max(900)
    .default('')
    .describe(
      'What the actions stand in: a scope or branch (`Scope`), a loop (its rounds: `Loop`), a round (`Loop[3]`), or one in the other (`Loop[3]/Scope`). Absent: the flow.',
    ),
  top: z.coerce.number().int().min(1).max(200).default(50),
  continuation: z.string().max(200).optional().describe('From the answer with the page before.'),
});

/** Inputs or outputs: here, behind a link, or masked. */
const shownValue = z.union([
  z.object({ value: z.unknown() }),
  z.object({ bytes: z.int().min(0), link: z.string() }),
  z.object({ masked: z.literal(true) }),
]);
export type ShownValue = z.infer<typeof shownValue>;

export const runActions = z.object({
  actions: z.array(
    actionRecord.extend({
      inputs: shownValue.optional(),
      outputs: shownValue.optional(),
      error: runError.optional(),
    }),
  ),
  continuation: z
    .string()
    .optional()
    .describe('Present while there may be more: the value of `continuation` for the next page.'),
});
export type RunActions = z.infer<typeof runActions>;
