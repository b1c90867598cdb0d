import { z } from 'zod';
import { runtimeConfiguration } from './flow-definition/basics';
import { resourceName } from './ids';

/** A wall-clock time of the trigger's zone (`2026-03-01T08:00:00`), or an instant (`…Z`, `…+01:00`). */
const wallTime = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)?$/,
    'is not a time such as 2026-03-01T08:00:00 (by the clock of timeZone) or 2026-03-01T07:00:00Z',
  );

const weekDay = z.enum(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']);
export type WeekDay = z.infer<typeof weekDay>;

const timeZone = z
  .string()
  .max(100)
  .default('UTC')
  .describe('IANA name (Europe/Berlin) or Windows name (W. Europe Standard Time).');

const span = {
  timeZone,
  startTime: wallTime.optional().describe('Nothing occurs before; intervals are counted from it.'),
  endTime: wallTime.optional().describe('Nothing occurs after.'),
};

const everyInterval = z.strictObject({
  frequency: z.enum(['Second', 'Minute', 'Hour', 'Day', 'Week', 'Month']),
  interval: z.int().min(1).max(10_000).default(1),
  ...span,
  schedule: z
    .strictObject({
      hours: z.array(z.int().min(0).max(23)).min(1).optional(),
      minutes: z.array(z.int().min(0).max(59)).min(1).optional(),
      weekDays: z.array(weekDay).min(1).optional().describe('With the frequency Week.'),
      monthDays: z
        .array(z.union([z.int().min(1).max(31), z.int().min(-31).max(-1)]))
        .min(1)
        .optional()
        .describe('With the frequency Month; -1 is the last day. A month without the day is passed over.'),
    })
    .optional()
    .describe('With the frequencies Day, Week and Month.'),
});
export type EveryInterval = z.infer<typeof everyInterval>;

const byCron = z.strictObject({
  cron: z.string().max(200).describe('Five fields, or six with seconds first.'),
  ...span,
});
export type ByCron = z.infer<typeof byCron>;

export const recurrence = z.union([everyInterval, byCron], {
  error: 'is neither { frequency, interval, … } nor { cron, … }',
});
export type Recurrence = z.infer<typeof recurrence>;

/** Of every trigger. Row A8: with `secureData`, what started a run is shown of no run as more than masked. */
export const triggerBase = { runtimeConfiguration: runtimeConfiguration.optional() };

/** Row A2: one run for each occurrence. */
export const recurrenceTrigger = z.strictObject({
  type: z.literal('Recurrence'),
  ...triggerBase,
  recurrence,
  /** What becomes of occurrences that passed while nothing was there to start them. */
  missed: z.enum(['skip', 'runOnce']).default('skip'),
  /** What becomes of an occurrence while the run before goes on. */
  overlap: z.enum(['allow', 'skip', 'queue']).default('allow'),
  exclude: z
    .array(z.iso.date())
    .max(1_000)
    .optional()
    .describe('Days of the zone on which nothing is started, such as 2026-12-25.'),
});
export type RecurrenceTrigger = z.infer<typeof recurrenceTrigger>;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Row A3: one run for each event that fits. */
export const eventTrigger = z.strictObject({
  type: z.literal('Event'),
  ...triggerBase,
  inputs: z.strictObject({
    source: resourceName.describe(
      'The event source that it comes by: the name in its address, `event-grid`, `service-bus` or `storage-queue`.',
    ),
    origin: z
      .string()
      .min(1)
      .max(1_000)
      .optional()
      .describe('The attribute `source` of the event (Event Grid: its topic), exactly.'),
    types: z.array(z.string().min(1).max(500)).min(1).max(100).optional().describe('One of these, exactly.'),
    subject: z
      .strictObject({ prefix: z.string().max(1_000).optional(), suffix: z.string().max(1_000).optional() })
      .optional(),
    data: z
      .record(z.string().min(1).max(200), z.union([scalar, z.array(scalar).min(1).max(100)]))
      .optional()
      .describe(
        'Path in the data, such as order.region → the value that it must have, or the values that it may have.',
      ),
  }),
});
export type EventTrigger = z.infer<typeof eventTrigger>;
