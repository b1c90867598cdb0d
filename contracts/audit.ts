import { z } from 'zod';
import { role } from './access';
import { instant } from './ids';

/*
 * GET /api/audit?from=&to=&by=&function=&target=&top=     auditList, newest first (row L8)
 */

/** One request by which a person changed something, or wanted to. It holds names, never values. */
export const auditEntry = z.object({
  at: instant,
  by: z.string(),
  role,
  function: z.string().describe('Name of the function: the operation in this document.'),
  what: z.string().describe('What that does, in words.'),
  target: z
    .record(z.string(), z.string())
    .describe('What the address named, such as the flow; and what else was changed, started or created.'),
  path: z.string(),
  status: z.int().describe('How the request was answered; 403 changed nothing.'),
  fields: z
    .array(z.string())
    .optional()
    .describe('Names of the properties at the top of the JSON body; never what they held.'),
  traceId: z.string().describe('As in the log, and in the answer if it was a problem.'),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditQuery = z
  .strictObject({
    from: instant.optional().describe('At this instant or later.'),
    to: instant.optional().describe('Before this instant.'),
    by: z.string().max(200).optional().describe('Only what this person did.'),
    function: z.string().max(64).optional().describe('Only requests to this function, such as `put-flow`.'),
    target: z.string().max(200).optional().describe('Only what named this flow, run, machine …'),
    top: z.coerce.number().int().min(1).max(100).default(20),
    continuation: z
      .string()
      .regex(
        /^\d{4}-\d{2}-\d{2}\|(\d{13}(-[0-9a-f]{16}|~))?$/,
        'is not the continuation of an earlier answer',
      )
      .optional()
      .describe('From the answer with the page before.'),
  })
  .superRefine(({ from, to }, context) => {
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
      context.addIssue({ code: 'custom', path: ['to'], message: 'is not after from' });
  });

export const auditList = z.object({
  entries: z.array(auditEntry),
  continuation: z
    .string()
    .optional()
    .describe('Present while there is more: the value of `continuation` for the next page.'),
});
export type AuditList = z.infer<typeof auditList>;
