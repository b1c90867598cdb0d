import type { Delivery, WaitingDelivery } from '../../adapters/event-ports';
import type { Ports } from '../../adapters/ports';
import { deliveryQuery, eventId, type DeliveryView } from '../../contracts/outgoing-events';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseQuery } from '../request-body';
import { requestedSubscription } from './subscription-view';

/** GET event-subscriptions/{name}/deliveries: those that wait for their next attempt, or those that were given up. */
export function listDeliveries(ports: Ports): Handler {
  return http(async (request) => {
    const { status, ...page } = parseQuery(deliveryQuery, request);
    const { id } = await requestedSubscription(ports, request);
    const { items, continuation } =
      status === 'dead' ? await ports.deliveries.dead(id, page) : await ports.deliveries.waiting(id, page);
    return json({
      deliveries: items.map(deliveryView),
      ...(continuation === undefined ? {} : { continuation }),
    });
  });
}

/** POST event-subscriptions/{name}/deliveries/{event}/retry: a dead delivery is tried again, from the first attempt on. */
export function retryDelivery(ports: Ports): Handler {
  return http(async (request) => {
    const { id } = await requestedSubscription(ports, request);
    const event = request.params['event'] ?? '';
    const dead = eventId.safeParse(event).success ? await ports.deliveries.findDead(id, event) : undefined;
    if (!dead)
      throw new RequestError('DeliveryNotFound', { detail: `No delivery of "${event}" was given up.` });
    const again = { event, type: dead.type, attempts: 0, dueMs: ports.now() };
    await ports.deliveries.revive(id, again);
    return json(deliveryView(again), 202);
  });
}

function deliveryView(delivery: Delivery | WaitingDelivery): DeliveryView {
  const { event, type, attempts, lastError } = delivery;
  return {
    event,
    type,
    status: 'dueMs' in delivery ? 'waiting' : 'dead',
    attempts,
    ...('dueMs' in delivery ? { dueAt: new Date(delivery.dueMs).toISOString() } : {}),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
