import { z } from 'zod';
import { accountCheck, connectionTestId } from './agent-protocol';
import { runError } from './api-runs';
import { instant } from './ids';

/*
 * POST /api/connections/{name}/test            → 200 connectionTestView | 202 connectionTestView (row B9)
 * GET  /api/connections/{name}/tests/{test}    → 200 connectionTestView
 */

/** What one machine that the connection leads to answered. */
const testedMember = accountCheck.extend({
  machine: z.string(),
  name: z.string(),
  ok: z.boolean().describe('Runs of the connection can use the account here, as far as could be told.'),
  reachable: z.boolean(),
  error: runError.optional(),
});
export type TestedMember = z.infer<typeof testedMember>;

export const connectionTestView = z.object({
  test: connectionTestId,
  connection: z.string(),
  status: z.enum(['running', 'done']),
  startedAt: instant.optional(),
  ok: z.boolean().optional().describe('All members said so. Absent while it runs.'),
  members: z.array(testedMember).describe('Empty while it runs.'),
  error: runError.optional().describe('Why no machine could be asked.'),
  links: z.object({ self: z.string() }),
});
export type ConnectionTestView = z.infer<typeof connectionTestView>;
