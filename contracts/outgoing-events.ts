import { z } from 'zod';
import { instant, resourceName } from './ids';

/*
 * GET    /api/event-subscriptions                            subscriptionList
 * PUT    /api/event-subscriptions/{name}                     subscriptionBody → subscriptionStored
 * GET    /api/event-subscriptions/{name}                     subscriptionView
 * DELETE /api/event-subscriptions/{name}                     204
 * POST   /api/event-subscriptions/{name}/rotate-secret       rotateBody → subscriptionStored
 * POST   /api/event-subscriptions/{name}/replay              replayBody → 202 subscriptionView
 * GET    /api/event-subscriptions/{name}/deliveries?status=  deliveryList
 * POST   /api/event-subscriptions/{name}/deliveries/{event}/retry   202 deliveryView
 */

/** Row L3: what happens in Attendant that others can be told of. */
export const eventType = z.enum([
  'attendant.run.queued',
  'attendant.run.started',
  'attendant.run.succeeded',
  'attendant.run.failed',
  'attendant.run.cancelled',
  'attendant.run.timedout',
  'attendant.machine.online',
  'attendant.machine.offline',
  'attendant.flow.disabled',
]);
export type EventType = z.infer<typeof eventType>;

/** `<ms since the epoch>-<what>`: the same whenever the event is sent, and in the order of time. */
export const eventId = z.string().regex(/^\d{13}-[A-Za-z0-9_-]{1,460}$/, 'is not the id of an event');

/** CloudEvents 1.0, structured mode. */
export const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: eventId,
  source: z.string(),
  type: eventType,
  subject: z.string().describe('`runs/<run>`, `machines/<machine>` or `flows/<flow>`.'),
  time: instant,
  datacontenttype: z.literal('application/json'),
  sequence: z
    .string()
    .describe('Greater for what happened later, within one subject and, as far as clocks agree, in all.'),
  data: z.record(z.string(), z.unknown()),
});
export type CloudEvent = z.infer<typeof cloudEvent>;

/** Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, 'is not whsec_ followed by base64')
  .refine((text) => {
    const bytes = Math.floor((text.replace(/^whsec_|=/g, '').length * 3) / 4);
    return bytes >= 24 && bytes <= 64;
  }, 'holds fewer than 24 or more than 64 bytes');

export const subscriptionBody = z.strictObject({
  url: z.url().max(2_000),
  types: z.array(eventType).min(1).optional().describe('Only these; absent: all.'),
  flows: z
    .array(resourceName)
    .min(1)
    .max(100)
    .optional()
    .describe(
      'Only events of these cloud flows and their desktop-flow runs; absent: all, also those of machines.',
    ),
  enabled: z.boolean().default(true),
  secret: secret
    .optional()
    .describe('Signs the deliveries. Absent: made by Attendant for a new subscription, else left as it is.'),
});

export const rotateBody = z.strictObject({ secret: secret.optional() });

export const replayBody = z.strictObject({
  from: z.union([eventId, instant]).describe('Id of the first event, or an instant.'),
});

export const subscriptionView = z.object({
  name: resourceName,
  url: z.string(),
  types: z.array(eventType).optional(),
  flows: z.array(z.string()).optional(),
  enabled: z.boolean(),
  createdAt: instant,
  previousSecretUntil: instant
    .optional()
    .describe('Until then deliveries carry a signature of the secret before, too.'),
  replaying: z.boolean().describe('Kept events are being put up for delivery again.'),
  health: z.object({
    lastSuccessAt: instant.optional(),
    lastFailureAt: instant.optional(),
    lastError: z.string().optional(),
    failures: z.int().min(0).describe('Failed attempts since the last success.'),
  }),
});
export type SubscriptionView = z.infer<typeof subscriptionView>;

export const subscriptionStored = subscriptionView.extend({
  secret: z.string().optional().describe('Only when Attendant has just made it; it is not shown again.'),
});

export const subscriptionList = z.object({ subscriptions: z.array(subscriptionView) });

export const deliveryQuery = z.strictObject({
  status: z.enum(['waiting', 'dead']).default('dead'),
  top: z.coerce.number().int().min(1).max(100).default(20),
  continuation: z
    .string()
    .regex(/^[A-Za-z0-9_-]{13,500}$/, 'is not the continuation of an earlier answer')
    .optional(),
});

export const deliveryView = z.object({
  event: eventId,
  type: eventType,
  status: z.enum(['waiting', 'dead']),
  attempts: z.int().min(0),
  dueAt: instant.optional().describe('When it is tried next.'),
  lastError: z.string().optional(),
});
export type DeliveryView = z.infer<typeof deliveryView>;

export const deliveryList = z.object({
  deliveries: z.array(deliveryView),
  continuation: z.string().optional().describe('Present while there is more.'),
});
