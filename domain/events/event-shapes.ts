import type { z } from 'zod';
import { incomingEvent, eventGridEvent, type CloudEvent, type EventGridEvent } from '../../contracts/events';

export interface EventProblem {
  path: string;
  message: string;
}

export type ReadEvents = { ok: true; events: CloudEvent[] } | { ok: false; problems: EventProblem[] };

/**
 * Events as they were sent, one or a list, each in the schema of CloudEvents or of Event Grid; all of them are returned as CloudEvents, or
 * none. An event of Event Grid has its topic as the source, its `eventType` as the type, its `eventTime` as the time.
 */
export function readEvents(body: unknown): ReadEvents {
  const isList = Array.isArray(body);
  const events: CloudEvent[] = [];
  const problems: EventProblem[] = [];
  for (const [index, sent] of (isList ? (body as unknown[]) : [body]).entries()) {
    const read = readEvent(sent);
    if ('event' in read) events.push(read.event);
    else problems.push(...read.issues.map((issue) => placed(issue, isList ? [index] : [])));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, events };
}

function readEvent(sent: unknown): { event: CloudEvent } | { issues: z.core.$ZodIssue[] } {
  if (typeof sent === 'object' && sent !== null && 'eventType' in sent) {
    const read = eventGridEvent.safeParse(sent);
    return read.success ? { event: asCloudEvent(read.data) } : { issues: read.error.issues };
  }
  const read = incomingEvent.safeParse(sent);
  return read.success ? { event: read.data } : { issues: read.error.issues };
}

function asCloudEvent({ id, topic, subject, eventType, eventTime, data }: EventGridEvent): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: topic ?? 'event-grid',
    type: eventType,
    subject,
    time: eventTime,
    ...(data === undefined ? {} : { data }),
  };
}

function placed(issue: z.core.$ZodIssue, before: PropertyKey[]): EventProblem {
  return { path: [...before, ...issue.path].map(String).join('.'), message: issue.message };
}
