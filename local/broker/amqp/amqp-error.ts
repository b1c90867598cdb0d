import { InvalidTokenError } from '../sas';
import { LockLostError } from '../lane';
import { MalformedMessageError } from './sections';

/** An error as AMQP carries it; the conditions are those that Service Bus clients translate. */
export interface AmqpCondition {
  condition: string;
  description: string;
  /** The status that the same error has in a response of $cbs or $management. */
  status: number;
}

/** An error made for the peer. */
export class AmqpError extends Error {
  override readonly name = 'AmqpError';
  constructor(readonly amqp: AmqpCondition) {
    super(amqp.description);
  }
}

export const errors = {
  notFound: (entity: string): AmqpCondition => ({
    condition: 'amqp:not-found',
    description: `The messaging entity '${entity}' could not be found.`,
    status: 404,
  }),
  unauthorized: (description: string): AmqpCondition => ({
    condition: 'amqp:unauthorized-access',
    description,
    status: 401,
  }),
  missingRight: (right: string, entity: string): AmqpCondition =>
    errors.unauthorized(
      `Unauthorized access. '${right}' claim(s) are required to perform this operation. Resource: '${entity}'.`,
    ),
  tooLarge: (bytes: number, limit: number): AmqpCondition => ({
    condition: 'amqp:link:message-size-exceeded',
    description: `The received message (size: ${bytes} bytes) exceeds the limit (${limit} bytes) currently allowed on the link.`,
    status: 403,
  }),
  messageNotFound: (): AmqpCondition => ({
    condition: 'com.microsoft:message-not-found',
    description: 'The specified message does not exist.',
    status: 404,
  }),
  badRequest: (description: string): AmqpCondition => ({
    condition: 'com.microsoft:argument-error',
    description,
    status: 400,
  }),
  notImplemented: (what: string): AmqpCondition => ({
    condition: 'amqp:not-implemented',
    description: `${what} is not supported.`,
    status: 501,
  }),
  /** What Service Bus says of queues without sessions; here no queue has them. */
  noSessions: (): AmqpCondition => ({
    condition: 'amqp:not-allowed',
    description:
      "It is not possible for an entity that doesn't require sessions to create a sessionful message receiver.",
    status: 400,
  }),
  tooManyLinks: (limit: number): AmqpCondition => ({
    condition: 'amqp:resource-limit-exceeded',
    description: `A session may have at most ${limit} links.`,
    status: 403,
  }),
};

/** What the peer is told of a failure; whatever we did not foresee is an internal error. */
export function toAmqp(cause: unknown): AmqpCondition {
  if (cause instanceof AmqpError) return cause.amqp;
  if (cause instanceof InvalidTokenError) return errors.unauthorized(cause.message);
  if (cause instanceof LockLostError) {
    return { condition: 'com.microsoft:message-lock-lost', description: cause.message, status: 410 };
  }
  if (cause instanceof MalformedMessageError) {
    return { condition: 'amqp:decode-error', description: cause.message, status: 400 };
  }
  const description = cause instanceof Error ? cause.message : String(cause);
  return { condition: 'amqp:internal-error', description, status: 500 };
}
