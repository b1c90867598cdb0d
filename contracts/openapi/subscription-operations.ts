import { z } from 'zod';
import { resourceName } from '../ids';
import {
  deliveryList,
  deliveryQuery,
  type DeliveryView,
  deliveryView,
  eventId,
  replayBody,
  rotateBody,
  subscriptionBody,
  subscriptionList,
  subscriptionStored,
  type SubscriptionView,
  subscriptionView,
} from '../outgoing-events';
import { DEAD_EVENT, NOW, SUBSCRIPTION } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

const named = { name: resourceName.describe('Name of the subscription.') };
const subscription = parameters(z.object(named), { name: SUBSCRIPTION });

const asked = { url: 'https://erp.example.com/attendant', types: ['attendant.run.failed' as const] };
const view: SubscriptionView = {
  ...asked,
  name: SUBSCRIPTION,
  enabled: true,
  createdAt: NOW,
  replaying: false,
  health: { failures: 0 },
};
const dead: DeliveryView = {
  event: DEAD_EVENT,
  type: 'attendant.run.failed',
  status: 'dead',
  attempts: 11,
  lastError: 'The receiver answered 500.',
};

export const subscriptionOperations: readonly Operation[] = [
  {
    name: 'list-subscriptions',
    method: 'GET',
    route: 'event-subscriptions',
    tag: 'Outgoing events',
    summary: 'List event subscriptions',
    access: 'key',
    answers: [answer({ what: 'All subscriptions.' }, subscriptionList, { subscriptions: [view] })],
    errors: [],
  },
  {
    name: 'get-subscription',
    method: 'GET',
    route: 'event-subscriptions/{name}',
    tag: 'Outgoing events',
    summary: 'Show an event subscription and how its deliveries go',
    access: 'key',
    path: subscription,
    answers: [answer({ what: 'The subscription.' }, subscriptionView, view)],
    errors: ['SubscriptionNotFound'],
  },
  {
    name: 'put-subscription',
    method: 'PUT',
    route: 'event-subscriptions/{name}',
    tag: 'Outgoing events',
    summary: 'Create or change an event subscription',
    description:
      'Events are posted to `url` as CloudEvents 1.0, signed after Standard Webhooks (docs/outgoing-events.md). A `secret` is never shown again; a changed one is rotated.',
    access: 'key',
    path: subscription,
    body: jsonBody(subscriptionBody, asked),
    answers: [
      answer({ what: 'The changed subscription.' }, subscriptionStored, view),
      answer(
        { status: 201, what: 'The new subscription, with the secret if Attendant has made it.' },
        subscriptionStored,
        view,
      ),
    ],
    errors: jsonBodyErrors,
  },
  {
    name: 'delete-subscription',
    method: 'DELETE',
    route: 'event-subscriptions/{name}',
    tag: 'Outgoing events',
    summary: 'Delete an event subscription',
    access: 'key',
    path: subscription,
    answers: [{ status: 204, what: 'It is deleted; nothing more is sent.' }],
    errors: ['SubscriptionNotFound'],
  },
  {
    name: 'rotate-secret',
    method: 'POST',
    route: 'event-subscriptions/{name}/rotate-secret',
    tag: 'Outgoing events',
    summary: 'Replace the secret of a subscription',
    description: 'For 24 hours deliveries carry the signatures of both secrets.',
    access: 'key',
    path: subscription,
    body: jsonBody(rotateBody, {}, false),
    answers: [
      answer({ what: 'The subscription, with the secret if Attendant has made it.' }, subscriptionStored, {
        ...view,
        previousSecretUntil: NOW,
        secret: 'whsec_…',
      }),
    ],
    errors: [...jsonBodyErrors, 'SubscriptionNotFound'],
  },
  {
    name: 'replay-events',
    method: 'POST',
    route: 'event-subscriptions/{name}/replay',
    tag: 'Outgoing events',
    summary: 'Deliver kept events again',
    description: 'From an event id or an instant on, as far back as events are kept (30 days by default).',
    access: 'key',
    path: subscription,
    body: jsonBody(replayBody, { from: NOW }),
    answers: [answer({ status: 202, what: 'It has begun.' }, subscriptionView, { ...view, replaying: true })],
    errors: [...jsonBodyErrors, 'SubscriptionNotFound'],
  },
  {
    name: 'list-deliveries',
    method: 'GET',
    route: 'event-subscriptions/{name}/deliveries',
    tag: 'Outgoing events',
    summary: 'List deliveries that wait or were given up',
    access: 'key',
    path: subscription,
    query: parameters(deliveryQuery, { status: 'dead', top: 20 }),
    answers: [answer({ what: 'One page.' }, deliveryList, { deliveries: [dead] })],
    errors: ['InvalidQuery', 'SubscriptionNotFound'],
  },
  {
    name: 'retry-delivery',
    method: 'POST',
    route: 'event-subscriptions/{name}/deliveries/{event}/retry',
    tag: 'Outgoing events',
    summary: 'Try a delivery again that was given up',
    access: 'key',
    path: parameters(z.object({ ...named, event: eventId.describe('Id of the event.') }), {
      name: SUBSCRIPTION,
      event: DEAD_EVENT,
    }),
    answers: [
      answer({ status: 202, what: 'It waits again.' }, deliveryView, {
        event: DEAD_EVENT,
        type: 'attendant.run.failed',
        status: 'waiting',
        attempts: 0,
        dueAt: NOW,
      }),
    ],
    errors: ['SubscriptionNotFound', 'DeliveryNotFound'],
  },
];
