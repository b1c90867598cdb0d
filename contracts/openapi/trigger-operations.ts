import { z } from 'zod';
import { flowView } from '../api-flows';
import {
  eventSourceBody,
  eventSourceList,
  eventSourceSecret,
  eventsTaken,
  scheduleQuery,
  scheduleView,
  triggerHistoryPage,
  triggerHistoryQuery,
} from '../api-triggers';
import { eventGridEvent, incomingEvent } from '../events';
import { resourceName } from '../ids';
import { DEFINITION_HASH, definition, inputSchema, NIGHTLY_FLOW, REQUESTED, RUN } from './examples';
import { answer, jsonBody, jsonBodyErrors, type Operation, parameters } from './operation';

/** What senders of the example's source show. */
export const EVENT_SECRET = 'the-secret-of-the-source';

const flowName = z.object({ flow: resourceName.describe('Name of the cloud flow.') });
const flow = parameters(flowName, { flow: 'process-invoices' });
const source = parameters(z.object({ source: resourceName.describe('Name of the event source.') }), {
  source: 'shop',
});

const view = {
  name: 'process-invoices',
  description: 'Checks a CSV of invoices and adds them up.',
  trigger: 'Http' as const,
  hash: DEFINITION_HASH,
  updatedAt: REQUESTED,
  state: 'enabled' as const,
  inputs: inputSchema,
  definition,
};
const sourceView = {
  name: 'shop',
  auth: 'key' as const,
  createdAt: REQUESTED,
  address: '/api/events/shop',
};

export const sentEvents = z
  .union([incomingEvent, eventGridEvent, z.array(z.union([incomingEvent, eventGridEvent]))])
  .describe(
    'One event or a list, in the schema of CloudEvents 1.0 or of Event Grid. With headers `ce-…` (binary mode) the body is the data of the event.',
  );

export const triggerOperations: readonly Operation[] = [
  {
    name: 'enable-flow',
    method: 'POST',
    route: 'flows/{flow}/enable',
    tag: 'Flows',
    summary: 'Let a flow start runs again',
    description: 'What passed while it was disabled is not made up for.',
    access: 'key',
    path: flow,
    answers: [answer({ what: 'The flow.' }, flowView, view)],
    errors: ['FlowNotFound'],
  },
  {
    name: 'disable-flow',
    method: 'POST',
    route: 'flows/{flow}/disable',
    tag: 'Flows',
    summary: 'Let a flow start no more runs',
    description: 'Runs that go on go on.',
    access: 'key',
    path: flow,
    answers: [
      answer({ what: 'The flow.' }, flowView, {
        ...view,
        state: 'disabled',
        disabled: { reason: 'ByPerson', by: 'owner', at: REQUESTED },
      }),
    ],
    errors: ['FlowNotFound'],
  },
  {
    name: 'delete-flow',
    method: 'DELETE',
    route: 'flows/{flow}',
    tag: 'Flows',
    summary: 'Delete a cloud flow',
    description:
      'Its triggers stop at once. Runs that go on end with the definition that they were started with; runs stay in the history. The name can be used again.',
    access: 'key',
    path: flow,
    answers: [{ status: 204, what: 'It is gone.' }],
    errors: ['FlowNotFound'],
  },
  {
    name: 'list-triggers',
    method: 'GET',
    route: 'flows/{flow}/triggers',
    tag: 'Triggers',
    summary: 'Show what the trigger of a flow did',
    description:
      'Occurrences of its schedule or events, newest first: what was started, what was not and why.',
    access: 'key',
    path: parameters(flowName, { flow: NIGHTLY_FLOW }),
    query: parameters(triggerHistoryQuery, { top: 2 }),
    answers: [
      answer({ what: 'A page.' }, triggerHistoryPage, {
        triggers: [
          { at: REQUESTED, trigger: 'Recurrence', outcome: 'skipped', reason: 'overlap' },
          { at: '2026-03-01T08:00:00.000Z', trigger: 'Recurrence', outcome: 'fired', run: RUN },
        ],
        filtered: 0,
      }),
    ],
    errors: ['FlowNotFound', 'InvalidQuery'],
  },
  {
    name: 'get-schedule',
    method: 'GET',
    route: 'flows/{flow}/schedule',
    tag: 'Triggers',
    summary: 'Show when a schedule comes next',
    access: 'key',
    path: parameters(flowName, { flow: NIGHTLY_FLOW }),
    query: parameters(scheduleQuery, { count: 2 }),
    answers: [
      answer({ what: 'The next occurrences.' }, scheduleView, {
        flow: NIGHTLY_FLOW,
        timeZone: 'Europe/Berlin',
        enabled: true,
        occurrences: [
          { at: '2026-03-28T01:30:00.000Z', local: '2026-03-28T02:30:00+01:00' },
          { at: '2026-03-29T01:00:00.000Z', local: '2026-03-29T03:00:00+02:00' },
        ],
      }),
    ],
    errors: ['FlowNotFound', 'NoSchedule', 'InvalidQuery'],
  },
  {
    name: 'list-event-sources',
    method: 'GET',
    route: 'event-sources',
    tag: 'Triggers',
    summary: 'List who may send events',
    access: 'key',
    answers: [answer({ what: 'All event sources.' }, eventSourceList, { eventSources: [sourceView] })],
    errors: [],
  },
  {
    name: 'put-event-source',
    method: 'PUT',
    route: 'event-sources/{source}',
    tag: 'Triggers',
    summary: 'Let somebody send events',
    description: 'Makes the source, or gives it a new secret; the old one counts no more.',
    access: 'key',
    path: source,
    body: jsonBody(eventSourceBody, { auth: 'key' }, false),
    answers: [
      answer({ what: 'The source with its secret.' }, eventSourceSecret, {
        ...sourceView,
        secret: EVENT_SECRET,
      }),
    ],
    errors: jsonBodyErrors,
  },
  {
    name: 'delete-event-source',
    method: 'DELETE',
    route: 'event-sources/{source}',
    tag: 'Triggers',
    summary: 'Refuse the events of a source',
    access: 'key',
    path: source,
    answers: [{ status: 204, what: 'It is gone.' }],
    errors: ['EventSourceNotFound'],
  },
  {
    name: 'receive-events',
    method: 'POST',
    route: 'events/{source}',
    tag: 'Triggers',
    summary: 'Send events',
    description:
      "Starts a run of each flow whose filter an event fits; the same event (source and id) starts no flow twice within 30 days. Senders show the secret of the source as `Authorization: Bearer` or in the query as `access_token`, or (a source with `auth: signature`) sign what they send (Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`). Event Grid's SubscriptionValidation is answered with its code.",
    access: 'anyone',
    path: source,
    headers: parameters(
      z.object({
        Authorization: z.string().optional().describe('`Bearer` and the secret of the source.'),
        'webhook-id': z.string().optional(),
        'webhook-timestamp': z
          .string()
          .optional()
          .describe('Seconds since the epoch, at most five minutes off.'),
        'webhook-signature': z.string().optional().describe('`v1,` and HMAC-SHA256 in base64.'),
      }),
      { Authorization: `Bearer ${EVENT_SECRET}` },
    ),
    body: jsonBody(sentEvents, {
      specversion: '1.0',
      id: 'order-17',
      source: 'https://shop.example',
      type: 'order.created',
      subject: 'orders/17',
      data: { amount: 120 },
    }),
    answers: [
      answer({ status: 202, what: 'All that the events start has been started.' }, eventsTaken, {
        events: [{ id: 'order-17', runs: [{ flow: 'on-order', run: RUN }] }],
      }),
    ],
    errors: ['Unauthorized', ...jsonBodyErrors],
  },
  {
    name: 'greet-event-sender',
    method: 'OPTIONS',
    route: 'events/{source}',
    tag: 'Triggers',
    summary: 'Ask whether events are wanted',
    description: 'The handshake of CloudEvents web hooks.',
    access: 'anyone',
    path: source,
    headers: parameters(
      z.object({
        'WebHook-Request-Origin': z.string().describe('Who wants to send.'),
        Authorization: z.string().optional(),
      }),
      { 'WebHook-Request-Origin': 'shop.example', Authorization: `Bearer ${EVENT_SECRET}` },
    ),
    answers: [
      {
        status: 200,
        what: 'They are.',
        headers: { 'WebHook-Allowed-Origin': 'Who asked.', 'WebHook-Allowed-Rate': '`*`: no limit.' },
      },
    ],
    errors: ['Unauthorized', 'InvalidBody'],
  },
];
