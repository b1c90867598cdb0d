import type { Ports } from '../../adapters/ports';
import { http, type Handler } from '../http';
import { RequestError } from '../problem';
import { greetSender } from './sender';

/** OPTIONS events/{source}: a sender of CloudEvents asks whether its events are wanted (HTTP 1.1 Web Hooks for Event Delivery, 4.). */
export function greetEventSender(ports: Ports): Handler {
  return http(async (request) => {
    const origin = request.headers.get('webhook-request-origin');
    if (!origin) {
      const errors = [{ path: 'WebHook-Request-Origin', message: 'is missing' }];
      throw new RequestError('InvalidBody', { errors });
    }
    await greetSender(ports, request);
    return {
      status: 200,
      headers: {
        'webhook-allowed-origin': origin,
        'webhook-allowed-rate': '*',
        allow: 'POST, OPTIONS',
      },
    };
  });
}
