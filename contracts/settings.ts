import { z } from 'zod';
import { role } from './access';

const ms = (standard: number) => z.coerce.number().int().min(1).default(standard);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Application settings (environment variables ATTENDANT_<NAME>), with the numbers of features.md as defaults. Times in ms. */
export const settingsSchema = z.object({
  queueTimeoutMs: ms(3 * HOUR),
  runTimeoutMs: ms(24 * HOUR),
  queueLength: z.coerce.number().int().min(1).max(2_000).default(500),
  heartbeatMs: ms(30 * SECOND),
  offlineAfterMs: ms(2 * MINUTE),
  acceptWithinMs: ms(60 * SECOND),
  goWindowMs: ms(10 * MINUTE),
  /** Silence after which a run that was told to go is given up (row H3); exceeds the go window plus clock drift. */
  silenceMs: ms(3 * HOUR),
  stopGraceMs: ms(60 * SECOND),
  agentLeaseMs: ms(HOUR),
  /** An event stream ends after so long, for its reader to come back; well below functionTimeout in host.json. */
  streamForMs: ms(2 * MINUTE),
  /** `source` of outgoing events: tells installations apart. */
  eventSource: z.string().min(1).default('urn:attendant'),
  /** Internal networks that webhooks and HTTP actions may reach, also without TLS, such as `10.1.0.0/16, 127.0.0.0/8`. None by default. */
  allowedNetworks: z.string().default(''),
  claimDays: z.coerce.number().int().min(1).default(30),
  /** Schedules that come more often than this are refused; the timer looks every 30 s. */
  shortestRecurrenceMs: ms(30 * SECOND),
  /** An occurrence that nothing was there to start for so long was missed. */
  missedAfterMs: ms(5 * MINUTE),
  /** So many failed runs of a flow's trigger one after another disable the flow. */
  disableAfterFailures: z.coerce.number().int().min(1).default(10),
  /** Ended runs, outgoing events and other ended orchestrations are kept for so long. */
  historyDays: z.coerce.number().int().min(1).default(30),
  /** Who changed what is kept for so long (row L8). */
  auditDays: z.coerce.number().int().min(1).default(400),
  /** Role of people who have signed in and have none. */
  defaultRole: role.default('viewer'),
  triggerHistoryDays: z.coerce.number().int().min(1).default(30),
  maxEventBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(1024 * 1024),
  maxBodyBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(128 * 1024),
  maxFileBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(100 * 1024 * 1024),
  maxPackageBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(200 * 1024 * 1024),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Name of the environment variable of a setting: `queueTimeoutMs` → `ATTENDANT_QUEUE_TIMEOUT_MS`. */
export function settingVariable(name: string): string {
  return `ATTENDANT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Reads the settings from the environment. @throws ZodError naming the variable that is wrong. */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const given = Object.keys(settingsSchema.shape).flatMap((name) => {
    const value = environment[settingVariable(name)];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return settingsSchema.parse(Object.fromEntries(given));
}
