import type { HttpRequest } from '@azure/functions';
import type { Subscription } from '../../adapters/event-ports';
import type { Ports } from '../../adapters/ports';
import type { SubscriptionView } from '../../contracts/outgoing-events';
import { RequestError } from '../problem';

/** @throws RequestError SubscriptionNotFound */
export async function requestedSubscription(
  { subscriptions }: Pick<Ports, 'subscriptions'>,
  request: HttpRequest,
): Promise<Subscription> {
  const name = request.params['name'] ?? '';
  const found = /^[a-z0-9-]{1,64}$/.test(name) ? await subscriptions.get(name) : undefined;
  if (!found)
    throw new RequestError('SubscriptionNotFound', { detail: `There is no subscription "${name}".` });
  return found;
}

export function subscriptionView(subscription: Subscription, nowMs: number): SubscriptionView {
  const { name, url, types, flows, enabled, createdMs, previousSecretUntilMs, health } = subscription;
  const rotated = previousSecretUntilMs !== undefined && previousSecretUntilMs > nowMs;
  return {
    name,
    url,
    ...(types ? { types } : {}),
    ...(flows ? { flows } : {}),
    enabled,
    createdAt: iso(createdMs),
    ...(rotated ? { previousSecretUntil: iso(previousSecretUntilMs) } : {}),
    replaying: subscription.replayAfter !== undefined,
    health: {
      ...(health.lastSuccessMs === undefined ? {} : { lastSuccessAt: iso(health.lastSuccessMs) }),
      ...(health.lastFailureMs === undefined ? {} : { lastFailureAt: iso(health.lastFailureMs) }),
      ...(health.lastError === undefined ? {} : { lastError: health.lastError }),
      failures: health.failures,
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
