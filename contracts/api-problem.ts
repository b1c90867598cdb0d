import { z } from 'zod';

/** Body of every answer that is an error: RFC 9457 (application/problem+json) with the catalogue's code and remedy. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** What is wrong in this case. */
  detail: z.string().optional(),
  /** Code of the catalogue (docs/errors.md). */
  code: z.string(),
  /** How to mend it. */
  remedy: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** Names the request in the log of the host. */
  traceId: z.string().optional(),
});
export type Problem = z.infer<typeof problem>;
