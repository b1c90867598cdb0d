import { z } from 'zod';

/** CloudEvents 1.0; extension attributes may stand beside these. What runs of event triggers find in `triggerBody()`. */
export const incomingEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(1_000),
  source: z.string().min(1).max(1_000),
  type: z.string().min(1).max(1_000),
  subject: z.string().max(2_000).optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z.string().optional(),
  data: z.unknown().optional(),
  data_base64: z.string().optional(),
});
export type CloudEvent = z.infer<typeof incomingEvent>;

/** The schema of Event Grid. */
export const eventGridEvent = z.looseObject({
  id: z.string().min(1).max(1_000),
  topic: z.string().max(1_000).optional(),
  subject: z.string().max(2_000),
  eventType: z.string().min(1).max(1_000),
  eventTime: z.iso.datetime({ offset: true }),
  data: z.unknown().optional(),
});
export type EventGridEvent = z.infer<typeof eventGridEvent>;

/** Event types by which Event Grid asks whether an address wants its events. */
export const SUBSCRIPTION_VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';
