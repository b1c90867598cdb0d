import { z } from 'zod';
import { limit, orExpression, plainAction, retryPolicy } from './basics';

const method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

const authentication = z
  .strictObject({
    type: z.enum(['Basic', 'Bearer']),
    connection: z
      .string()
      .min(1)
      .describe('Connection whose stored account is used: user and password, or the password as the token.'),
  })
  .describe('A reference to a stored credential; the definition itself holds none.');

const texts = z.record(z.string(), z.string());

/** Inputs of an HTTP action once every expression in them is evaluated. */
export const httpInputs = z.strictObject({
  method: z
    .string()
    .transform((text) => text.toUpperCase())
    .pipe(method),
  uri: z.url({ protocol: /^https?$/, error: 'is not an http or https address' }),
  headers: z.record(z.string(), z.coerce.string()).default({}),
  queries: z.record(z.string(), z.coerce.string()).default({}),
  body: z.unknown().optional(),
  authentication: authentication.optional(),
});
export type HttpInputs = z.infer<typeof httpInputs>;

export const httpAction = z
  .strictObject({
    ...plainAction,
    type: z.literal('Http'),
    inputs: z.strictObject({
      method: orExpression(method, 'is neither an HTTP method such as GET nor an expression (@…)'),
      uri: z
        .string()
        .min(1)
        .describe(
          'An https address. Addresses inside the own network are refused unless the setting ATTENDANT_ALLOWED_NETWORKS allows them.',
        ),
      headers: texts.optional(),
      queries: texts.optional().describe('Added to the address.'),
      body: z.unknown().optional().describe('Text is sent as it is, anything else as JSON.'),
      authentication: authentication.optional(),
      retryPolicy: retryPolicy
        .optional()
        .describe(
          'Default: 4 times, exponentially from PT7S to PT45S, on 408, 429, 5xx and lost connections.',
        ),
    }),
    limit: limit.describe('Of one request; default and longest: PT2M.'),
  })
  .describe('Sends an HTTP request. Outputs: statusCode, headers, body. 400 and above fail the action.');
export type HttpAction = z.infer<typeof httpAction>;
