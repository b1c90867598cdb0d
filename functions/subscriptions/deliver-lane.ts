import type { Subscription, SubscriptionHealth, WaitingDelivery } from '../../adapters/event-ports';
import type { Ports } from '../../adapters/ports';
import { cloudEventOf } from '../../domain/outgoing-events/events';
import { waitAfter } from '../../domain/outgoing-events/retry-schedule';
import { parseSecrets, signatureHeaders, type KeptSecrets } from './webhook-signature';

/** Requests to one receiver at a time. */
const AT_ONCE = 8;
/** Deliveries in one pass of a lane. */
const MOST = 1_000;
/** A receiver that has not answered by then has failed (ms of real time). */
const ANSWER_WITHIN_MS = 10_000;
const ERROR_LENGTH = 300;

export type LanePorts = Pick<
  Ports,
  'subscriptions' | 'deliveries' | 'events' | 'secrets' | 'http' | 'settings' | 'now'
>;

/**
 * Sends what is due to one subscription. A delivery is taken off only after its receiver has answered 2xx: a crash in between sends it
 * again, under the same id.
 */
export async function deliverDue(ports: LanePorts, name: string, chance: () => number): Promise<void> {
  for (let sent = 0; sent < MOST;) {
    const subscription = await ports.subscriptions.get(name);
    if (!subscription?.enabled) return;
    const { items } = await ports.deliveries.waiting(subscription.id, { top: AT_ONCE });
    const due = items.filter(({ dueMs }) => dueMs <= ports.now());
    if (due.length === 0) return;
    const kept = await ports.secrets.get(subscription.secretRef);
    if (kept === undefined) throw new Error(`the secrets of the subscription ${name} are gone`);
    const secrets = parseSecrets(kept);
    const failures = await Promise.all(
      due.map(async (delivery) => {
        const failure = await attempt(ports, { subscription, delivery, secrets });
        await (failure === undefined
          ? ports.deliveries.done(subscription.id, delivery)
          : putOff(ports, { subscription, delivery, failure, chance }));
        return failure;
      }),
    );
    await ports.subscriptions.noteHealth(
      subscription.id,
      healthAfter(subscription.health, failures, ports.now()),
    );
    sent += due.length;
  }
}

/** @returns what went wrong. */
async function attempt(
  ports: LanePorts,
  {
    subscription,
    delivery,
    secrets,
  }: { subscription: Subscription; delivery: WaitingDelivery; secrets: KeptSecrets },
): Promise<string | undefined> {
  const event = await ports.events.get(delivery.event);
  // Older than events are kept.
  if (!event) return undefined;
  const body = JSON.stringify(cloudEventOf(event, ports.settings.eventSource));
  try {
    const { status } = await ports.http.send({
      method: 'POST',
      url: subscription.url,
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': 'attendant',
        ...signatureHeaders({ id: event.id, body }, secrets, ports.now()),
      },
      body,
      timeoutMs: ANSWER_WITHIN_MS,
      maxBytes: 64 * 1024,
    });
    return status >= 200 && status < 300 ? undefined : `The receiver answered ${status}.`;
  } catch (cause) {
    return (cause instanceof Error ? cause.message || cause.name : String(cause)).slice(0, ERROR_LENGTH);
  }
}

async function putOff(
  { deliveries, now }: LanePorts,
  given: { subscription: Subscription; delivery: WaitingDelivery; failure: string; chance: () => number },
): Promise<void> {
  const { subscription, delivery, failure, chance } = given;
  const attempts = delivery.attempts + 1;
  const waitMs = waitAfter(attempts, chance());
  if (waitMs === undefined) {
    return deliveries.bury(subscription.id, { ...delivery, attempts, lastError: failure });
  }
  const later = { ...delivery, attempts, lastError: failure, dueMs: now() + waitMs };
  await deliveries.enqueue(subscription.id, later);
  await deliveries.done(subscription.id, delivery);
}

function healthAfter(
  before: SubscriptionHealth,
  failures: readonly (string | undefined)[],
  nowMs: number,
): SubscriptionHealth {
  const failed = failures.filter((failure) => failure !== undefined);
  const succeeded = failed.length < failures.length;
  return {
    lastSuccessMs: succeeded ? nowMs : before.lastSuccessMs,
    lastFailureMs: failed.length > 0 ? nowMs : before.lastFailureMs,
    lastError: failed.at(-1) ?? before.lastError,
    failures: succeeded ? 0 : before.failures + failed.length,
  };
}
