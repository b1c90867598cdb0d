import { ACTION_CLASS, type Decision } from './decision';
import { EventType } from './history';
import type { ReplayEvent } from './replay-event';

/** Thrown when a replay does not produce what the history says was scheduled; the instance fails with this message. */
export class NonDeterminismError extends Error {
  constructor(details: string) {
    super(`Non-Deterministic workflow detected: ${details}`);
    this.name = 'NonDeterminismError';
  }
}

const CHANGED = 'Was a change made to the orchestrator code after this instance had already started running?';

interface Wording {
  kind: Decision['kind'];
  /** "scheduled a timer task with sequence number 3", ending in a space where the original does. */
  missing: (event: ReplayEvent) => string;
  other: (event: ReplayEvent, produced: string) => string;
  renamed?: (event: ReplayEvent, name: string) => string;
}

const subOrchestration = (event: ReplayEvent): string =>
  `scheduled a sub-orchestration task with sequence ID ${event.eventId} and name '${event.name}' ` +
  `(version '', instance ID '${event.instanceId}'), `;

const send = (event: ReplayEvent): string =>
  `scheduled a send event task with sequence ID ${event.eventId}, type 'EventSent', name '${event.name}', ` +
  `instance ID '${event.instanceId}', `;

const WORDING: Record<number, Wording> = {
  [EventType.TaskScheduled]: {
    kind: 'activity',
    missing: (event) =>
      `scheduled an activity task with sequence ID ${event.eventId} and name '${event.name}' (version ''), ` +
      "but the current replay execution hasn't (yet?) scheduled this task. ",
    other: (event, produced) =>
      `scheduled an activity task with sequence number ${event.eventId} named '${event.name}', but the current ` +
      `orchestration replay instead produced a ${produced} action with this sequence number. `,
    renamed: (event, name) =>
      `scheduled an activity task with sequence number ${event.eventId} named '${event.name}', but the current ` +
      `orchestration replay instead scheduled an activity task named '${name}' with this sequence number.  `,
  },
  [EventType.TimerCreated]: {
    kind: 'timer',
    missing: (event) =>
      `scheduled a timer task with sequence number ${event.eventId} but the current replay execution hasn't ` +
      '(yet?) scheduled this task. ',
    other: (event, produced) =>
      `scheduled a timer task with sequence number ${event.eventId} named but the current orchestration replay ` +
      `instead produced a ${produced} action with this sequence number. `,
  },
  [EventType.SubOrchestrationInstanceCreated]: {
    kind: 'subOrchestration',
    missing: (event) =>
      `${subOrchestration(event)}but the current replay execution hasn't (yet?) scheduled this task. `,
    other: (event, produced) =>
      `${subOrchestration(event)}but the current orchestration replay instead produced a ${produced} action at ` +
      'this sequence number. ',
    renamed: (event, name) =>
      `${subOrchestration(event)}but the current orchestration replay instead scheduled a sub-orchestration task ` +
      `with name ${name} at this sequence number. `,
  },
  [EventType.EventSent]: {
    kind: 'send',
    missing: (event) => `${send(event)}but the current replay execution hasn't (yet?) scheduled this task. `,
    other: (event, produced) =>
      `${send(event)}but the current orchestration replay instead scheduled a ${produced} task at this sequence ` +
      'number. ',
    renamed: (event, name) =>
      `${send(event)}but the current orchestration replay instead scheduled a send event task with name ${name}` +
      'at this sequence number. ',
  },
};

/**
 * Compares what the history says was scheduled with what the replay produced under the same sequence number.
 * @throws NonDeterminismError with DurableTask.Core's wording.
 */
export function requireSame(event: ReplayEvent, produced: Decision | undefined): void {
  const wording = WORDING[event.type];
  if (!wording) return;
  const fail = (what: string): never => {
    throw new NonDeterminismError(`A previous execution of this orchestration ${what}${CHANGED}`);
  };
  if (!produced) return fail(wording.missing(event));
  if (produced.kind !== wording.kind) return fail(wording.other(event, ACTION_CLASS[produced.kind]));
  const name = 'name' in produced ? produced.name : '';
  if (wording.renamed && name.toLowerCase() !== event.name.toLowerCase()) fail(wording.renamed(event, name));
}
