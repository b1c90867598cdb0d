import { offsetTimeText, timeText } from './time-text';

const NAMESPACE = 'Microsoft.Azure.WebJobs.Extensions.DurableTask';
const typeName = (name: string): string => `${NAMESPACE}.${name}, ${NAMESPACE}`;

/** An operation or lock request as it travels to an entity (the extension's RequestMessage). */
export interface RequestMessage {
  op?: string | null | undefined;
  signal?: boolean | undefined;
  /** JSON text. */
  input?: string | undefined;
  id: string;
  /** Who waits for the answer or holds the lock; absent for clients. */
  parent?: string | undefined;
  parentExecution?: string | undefined;
  /** Earliest delivery, ISO 8601. */
  due?: string | undefined;
  /** Entities to lock one after the other, and the one whose turn it is. */
  lockset?: { name: string; key: string }[] | undefined;
  pos?: number | undefined;
}

/** A lock given back. */
export interface ReleaseMessage {
  parent: string;
  id: string;
}

/** Where a message stands among those of one sender to one target. */
export interface SendLabel {
  timestamp: string;
  predecessor: string;
}

export const NO_LABEL: SendLabel = { timestamp: '0001-01-01T00:00:00', predecessor: '0001-01-01T00:00:00' };

/** The request's text in an EventSent event. */
export function requestText(message: RequestMessage, label: SendLabel, nowMs: number): string {
  const { op, signal, input, id, parent, parentExecution, due, lockset, pos } = message;
  return JSON.stringify({
    $type: typeName('RequestMessage'),
    op: op ?? null,
    ...(signal && { signal }),
    ...(input !== undefined && { input }),
    id,
    ...(parent !== undefined && { parent }),
    ...(parentExecution !== undefined && { parentExecution }),
    ...(due !== undefined && { due }),
    Timestamp: label.timestamp,
    Predecessor: label.predecessor,
    ...(lockset && { lockset }),
    ...(pos !== undefined && pos > 0 && { pos }),
    requestTime: offsetTimeText(nowMs),
  });
}

export const releaseText = (message: ReleaseMessage): string =>
  JSON.stringify({ $type: typeName('ReleaseMessage'), ...message });

/** The answer's text in the caller's EventRaised event. */
export const responseText = (result: string | undefined, isError: boolean): string =>
  JSON.stringify({
    $type: typeName('ResponseMessage'),
    result: result ?? null,
    ...(isError && { exceptionType: 'Error' }),
  });

/** Labels what one execution sends, so that each message names the one before it to the same target. */
export class SendLabels {
  private readonly last = new Map<string, { ms: number; ticks: number }>();

  /** The label's texts are made only when they are asked for: a replay passes over most of what was sent. */
  next(target: string, nowMs: number): () => SendLabel {
    const last = this.last.get(target);
    const ticks = last?.ms === nowMs ? last.ticks + 1 : 0;
    this.last.set(target, { ms: nowMs, ticks });
    return () => ({
      timestamp: timeText(nowMs, ticks),
      predecessor: last ? timeText(last.ms, last.ticks) : NO_LABEL.predecessor,
    });
  }
}

/** The instance id under which an entity is stored: "@name@key", the name in lower case. */
export const entityInstanceId = (name: string, key: string): string => `@${name.toLowerCase()}@${key}`;

/** @returns undefined when `instanceId` is no entity's. */
export function entityOf(instanceId: string): { name: string; key: string } | undefined {
  const at = instanceId.startsWith('@') ? instanceId.indexOf('@', 1) : -1;
  if (at < 0) return undefined;
  return { name: instanceId.slice(1, at), key: instanceId.slice(at + 1) };
}
