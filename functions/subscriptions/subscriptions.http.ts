import { ulid } from 'ulid';
import type { Subscription } from '../../adapters/event-ports';
import type { Ports } from '../../adapters/ports';
import { resourceName } from '../../contracts/ids';
import { replayBody, rotateBody, subscriptionBody } from '../../contracts/outgoing-events';
import { eventId } from '../../contracts/outgoing-events';
import { instantKey } from '../../domain/outgoing-events/events';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { requestedSubscription, subscriptionView } from './subscription-view';
import { newSecret, parseSecrets, type KeptSecrets } from './webhook-signature';

/** How long the secret before signs beside a new one (ms). */
const CHANGE_OVER_MS = 24 * 3_600_000;

/** GET event-subscriptions (row L3). */
export function listSubscriptions(ports: Ports): Handler {
  return http(async () => {
    const found = await ports.subscriptions.list();
    return json({ subscriptions: found.map((one) => subscriptionView(one, ports.now())) });
  });
}

/** GET event-subscriptions/{name} */
export function getSubscription(ports: Ports): Handler {
  return http(async (request) =>
    json(subscriptionView(await requestedSubscription(ports, request), ports.now())),
  );
}

/** PUT event-subscriptions/{name}: creates or changes it; a new one without a secret is given one, which this answer alone shows. */
export function putSubscription(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['name'] ?? '';
    if (!resourceName.safeParse(name).success) {
      const errors = [{ path: 'name', message: 'use lower-case letters, digits and inner hyphens only' }];
      throw new RequestError('InvalidBody', { errors });
    }
    const body = parseBody(subscriptionBody, await readJson(request, ports.settings.maxBodyBytes));
    const problem = ports.http.problemOf(body.url);
    if (problem) throw new RequestError('InvalidBody', { errors: [{ path: 'url', message: problem }] });
    const known = await ports.subscriptions.get(name);
    const { secret, ...asked } = body;
    const made = known || secret ? undefined : newSecret();
    const given = secret ?? made;
    const kept = given === undefined ? undefined : await keepSecret(ports, { name, known, secret: given });
    const stored = {
      name,
      id: known?.id ?? ulid(ports.now()),
      createdMs: known?.createdMs ?? ports.now(),
      secretRef: kept?.secretRef ?? known?.secretRef ?? '',
      previousSecretUntilMs: kept ? kept.previousSecretUntilMs : known?.previousSecretUntilMs,
      ...asked,
    };
    await ports.subscriptions.put(stored);
    return storedAnswer(
      ports,
      { ...stored, health: known?.health ?? { failures: 0 } },
      { made, status: known ? 200 : 201 },
    );
  });
}

/** POST event-subscriptions/{name}/rotate-secret: for a day both secrets sign. */
export function rotateSecret(ports: Ports): Handler {
  return http(async (request) => {
    const { secret } = parseBody(rotateBody, await readJson(request, ports.settings.maxBodyBytes));
    const known = await requestedSubscription(ports, request);
    const made = secret ? undefined : newSecret();
    const kept = await keepSecret(ports, { name: known.name, known, secret: secret ?? made ?? '' });
    const changed = { ...known, ...kept };
    await ports.subscriptions.put(changed);
    return storedAnswer(ports, changed, { made, status: 200 });
  });
}

/** DELETE event-subscriptions/{name}: nothing more is sent to it. */
export function deleteSubscription(ports: Ports): Handler {
  return http(async (request) => {
    const known = await requestedSubscription(ports, request);
    await ports.subscriptions.remove(known);
    return { status: 204 };
  });
}

/** POST event-subscriptions/{name}/replay: kept events from an id or instant on are delivered again. */
export function replayEvents(ports: Ports): Handler {
  return http(async (request) => {
    const { from } = parseBody(replayBody, await readJson(request, ports.settings.maxBodyBytes));
    const known = await requestedSubscription(ports, request);
    // The event named is the first: what comes behind its id cut short.
    const after = eventId.safeParse(from).success
      ? from.slice(0, -1)
      : instantKey(Math.max(0, Date.parse(from)));
    await ports.subscriptions.noteReplay(known.id, after);
    return json(subscriptionView({ ...known, replayAfter: after }, ports.now()), 202);
  });
}

function storedAnswer(
  ports: Ports,
  subscription: Subscription,
  { made, status }: { made: string | undefined; status: number },
) {
  const view = subscriptionView(subscription, ports.now());
  return json(made === undefined ? view : { ...view, secret: made }, status);
}

/** Keeps the secret as the current one; one that it replaces goes on signing for a while. */
async function keepSecret(
  { secrets, now }: Pick<Ports, 'secrets' | 'now'>,
  { name, known, secret }: { name: string; known: Subscription | undefined; secret: string },
): Promise<Pick<Subscription, 'secretRef' | 'previousSecretUntilMs'>> {
  const text = known && (await secrets.get(known.secretRef));
  const before = text === undefined ? undefined : parseSecrets(text);
  const untilMs = now() + CHANGE_OVER_MS;
  const replaced = before && before.current !== secret;
  const kept: KeptSecrets = {
    current: secret,
    previous: replaced ? { secret: before.current, untilMs } : before?.previous,
  };
  const secretRef = await secrets.put(`event-subscription/${name}`, JSON.stringify(kept));
  return { secretRef, previousSecretUntilMs: kept.previous?.untilMs };
}
