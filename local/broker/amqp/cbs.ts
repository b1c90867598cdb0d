import type { Claims } from '../claims';
import { AmqpError, errors } from './amqp-error';
import type { Reply, Request } from './request-link';

/** The node that takes tokens: put-token and delete-token of AMQP claims-based security. */
export function handleCbs(claims: Claims, operation: string, request: Request): Reply {
  const { name, type } = (request['application_properties'] ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string') throw new AmqpError(errors.badRequest('The request names no audience.'));
  switch (operation) {
    case 'put-token':
      if (type !== 'servicebus.windows.net:sastoken') {
        throw new AmqpError(errors.unauthorized(`Tokens of type '${String(type)}' are not supported.`));
      }
      claims.put(name, String(request['body']));
      return { status: 202, description: 'Accepted' };
    case 'delete-token':
      claims.delete(name);
      return { status: 202, description: 'Accepted' };
    default:
      throw new AmqpError(errors.notImplemented(`The operation '${operation}'`));
  }
}
