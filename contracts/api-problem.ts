import { z } from 'zod';

/** Body of every answer that is an error: RFC 9457 (application/problem+json) with the catalogue's code and remedy. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional().describe('What is wrong in this case.'),
  code: z.string().describe('Code of the error catalogue: stable.'),
  remedy: z.string().optional().describe('How to mend it.'),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe('The places that are wrong.'),
  traceId: z.string().optional().describe('Names the request in the log of the host.'),
});
export type Problem = z.infer<typeof problem>;
