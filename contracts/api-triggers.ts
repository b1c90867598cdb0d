import { z } from 'zod';
import { instant, resourceName, runId } from './ids';

/*
 * GET    /api/flows/{flow}/triggers?top=&continuation=   triggerHistoryPage, newest first
 * GET    /api/flows/{flow}/schedule?count=               scheduleView
 * POST   /api/events/{source}                            CloudEvents 1.0 or Event Grid events → 202 eventsTaken (row A3)
 * OPTIONS /api/events/{source}                           handshake of the CloudEvents web hook
 * GET    /api/event-sources                              eventSourceList
 * PUT    /api/event-sources/{source}                     eventSourceBody → eventSourceSecret, shown once
 * DELETE /api/event-sources/{source}                     204
 */

export const triggerHistoryQuery = z.strictObject({
  top: z.coerce.number().int().min(1).max(200).default(50),
  continuation: z
    .string()
    .regex(/^\d{13}-[0-9a-f]{1,64}$/, 'is not the continuation of an earlier answer')
    .optional()
    .describe('From the answer with the page before.'),
});

export const triggerEntry = z.object({
  at: instant.describe('When the occurrence was due or the event received.'),
  trigger: z.string(),
  outcome: z.enum(['fired', 'skipped', 'failed']),
  reason: z
    .string()
    .optional()
    .describe(
      'Why it was skipped: disabled, missed, excluded, overlap or duplicate; or the code of the failure.',
    ),
  run: runId.optional().describe('The run that it started, also for a duplicate.'),
  detail: z.string().optional().describe('The event: its source and id.'),
});

export const triggerHistoryPage = z.object({
  triggers: z.array(triggerEntry),
  filtered: z.int().min(0).describe('Events of the source that did not fit the filter, counted only.'),
  continuation: z
    .string()
    .optional()
    .describe('Present while there is more: the value of `continuation` for the next page.'),
});
export type TriggerHistoryPage = z.infer<typeof triggerHistoryPage>;

export const scheduleQuery = z.strictObject({ count: z.coerce.number().int().min(1).max(100).default(10) });

export const scheduleView = z.object({
  flow: resourceName,
  timeZone: z.string(),
  enabled: z.boolean(),
  occurrences: z.array(
    z.object({
      at: instant,
      local: z.string().describe('The same by calendar and clock of the zone.'),
      excluded: z.boolean().optional().describe('True on an excluded day: nothing is started.'),
    }),
  ),
});
export type ScheduleView = z.infer<typeof scheduleView>;

export const eventSourceBody = z.strictObject({
  auth: z
    .enum(['key', 'signature'])
    .default('key')
    .describe('Whether senders show the secret, or sign what they send with it.'),
});

export const eventSourceView = z.object({
  name: resourceName,
  auth: z.enum(['key', 'signature']),
  createdAt: instant,
  address: z.string().describe('Where events are sent to.'),
});

export const eventSourceSecret = eventSourceView.extend({
  secret: z.string().describe('Shown this once. Storing the source again makes a new one.'),
});
export type EventSourceSecret = z.infer<typeof eventSourceSecret>;

export const eventSourceList = z.object({ eventSources: z.array(eventSourceView) });
export type EventSourceList = z.infer<typeof eventSourceList>;

export const eventsTaken = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      runs: z
        .array(z.object({ flow: resourceName, run: runId, duplicate: z.literal(true).optional() }))
        .describe('The runs that it started, or (duplicate) had started before.'),
    }),
  ),
});
export type EventsTaken = z.infer<typeof eventsTaken>;
