import type { CloudEvent, EventType } from '../../contracts/outgoing-events';

/**
 * Something that others may be told of, as whoever saw it notes it (row L3). `about` lists what must stand in an id beside the instant:
 * a repeat by a crash or a retry has the same instant and the same words, so the same id.
 */
export interface OutgoingEvent {
  id: string;
  type: EventType;
  atMs: number;
  subject: string;
  /** Cloud flow that it belongs to; absent: found by the run, or none. */
  flow?: string | undefined;
  run?: string | undefined;
  data: Record<string, unknown>;
}

type Noted = Pick<OutgoingEvent, 'type' | 'atMs' | 'data'> & { flow?: string | undefined };

export function runEvent(run: string, { type, atMs, data }: Noted): OutgoingEvent {
  const id = eventIdOf(atMs, `${run}-${lastWord(type)}`);
  return { id, type, atMs, subject: `runs/${run}`, run, data: { run, ...data } };
}

/** @param number of the change in the feed of the queue. */
export function machineEvent(
  machine: string,
  change: { online: boolean; queue: string; number: number; atMs: number },
): OutgoingEvent {
  const { online, queue, number, atMs } = change;
  return {
    id: eventIdOf(atMs, `${queue}-${number}`),
    type: online ? 'attendant.machine.online' : 'attendant.machine.offline',
    atMs,
    subject: `machines/${machine}`,
    data: { machine, queue },
  };
}

/** A flow was switched off, by a person or because it failed too often. */
export function flowDisabledEvent(flow: string, atMs: number, data: Record<string, unknown>): OutgoingEvent {
  const type = 'attendant.flow.disabled';
  return {
    id: eventIdOf(atMs, `${flow}-disabled`),
    type,
    atMs,
    subject: `flows/${flow}`,
    flow,
    data: { flow, ...data },
  };
}

const endings = {
  Succeeded: 'attendant.run.succeeded',
  Failed: 'attendant.run.failed',
  Cancelled: 'attendant.run.cancelled',
  TimedOut: 'attendant.run.timedout',
} as const;

/** What is written to the run index when a run begins or ends tells its lifecycle; anything else is no event. */
export function lifecycleEvent(row: {
  run: string;
  kind?: 'cloud' | 'desktop' | undefined;
  state?: string | undefined;
  requestedMs?: number | undefined;
  endedMs?: number | undefined;
  error?: { code: string; message: string; subCode?: string | undefined } | undefined;
}): OutgoingEvent | undefined {
  const { run, kind, state, requestedMs, endedMs, error } = row;
  if (endedMs !== undefined) {
    const type = Object.entries(endings).find(([ending]) => ending === state)?.[1];
    if (!type) return undefined;
    const why = error && { code: error.code, message: error.message, subCode: error.subCode };
    return runEvent(run, { type, atMs: endedMs, data: { status: state, ...(why ? { error: why } : {}) } });
  }
  if (kind === undefined || requestedMs === undefined) return undefined;
  const type = kind === 'cloud' ? 'attendant.run.started' : 'attendant.run.queued';
  return runEvent(run, { type, atMs: requestedMs, data: { status: state } });
}

/** As it is sent. */
export function cloudEventOf(event: OutgoingEvent, source: string): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    source,
    type: event.type,
    subject: event.subject,
    time: new Date(event.atMs).toISOString(),
    datacontenttype: 'application/json',
    sequence: `${instantKey(event.atMs)}${stageOf(event.type)}`,
    data: event.data,
  };
}

/** Whether the filters of a subscription let the event through. */
export function isWanted(
  filters: { types?: readonly string[] | undefined; flows?: readonly string[] | undefined },
  event: Pick<OutgoingEvent, 'type' | 'flow'>,
): boolean {
  const { types, flows } = filters;
  return (
    (types?.includes(event.type) ?? true) &&
    (!flows || (event.flow !== undefined && flows.includes(event.flow)))
  );
}

/** An instant (ms) as the beginning of ids and keys: thirteen digits, in the order of time. */
export function instantKey(ms: number): string {
  return String(Math.floor(ms)).padStart(13, '0');
}

function eventIdOf(atMs: number, what: string): string {
  // A full stop separates what is signed.
  return `${instantKey(atMs)}-${what.replaceAll('.', '_')}`;
}

/** Orders events of one run that fall into one millisecond. */
function stageOf(type: EventType): number {
  if (type === 'attendant.run.queued') return 0;
  return type === 'attendant.run.started' ? 1 : 2;
}

function lastWord(type: EventType): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
