import type { ErrorInfo } from '../../contracts/errors';
import { isEnded, type ActionStatus, type CloudRunState, type TimelineEntry } from '../../contracts/runs';

/** In the story of a run that no queue gave a turn. */
export const STARTED_OFFLINE = 'started while the machine was cut off';

export interface CloudRunTimes {
  requestedAt: string;
  endedAt?: string | undefined;
  startedBy?: string | undefined;
  state: CloudRunState;
  actions: Readonly<Record<string, ActionStatus>>;
  error?: ErrorInfo | undefined;
}

/** Row A8: the story of a cloud-flow run, made of what is known of it and its actions. Skipped actions have none. */
export function cloudTimeline(run: CloudRunTimes): TimelineEntry[] {
  const { requestedAt, endedAt, startedBy, state, error } = run;
  const ofActions = Object.entries(run.actions).flatMap(([name, action]) => storyOf(name, action));
  return [
    { at: requestedAt, what: 'requested', ...(startedBy === undefined ? {} : { actor: startedBy }) },
    ...ofActions.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    ...(endedAt !== undefined && isEnded(state) ? [entry(endedAt, state, error)] : []),
  ];
}

function storyOf(name: string, { startedAt, endedAt, status, error }: ActionStatus): TimelineEntry[] {
  if (startedAt === undefined) return [];
  return [
    entry(startedAt, `${name} started`),
    ...(endedAt === undefined ? [] : [entry(endedAt, `${name} ${status}`, error)]),
  ];
}

function entry(at: string, what: string, error?: ErrorInfo): TimelineEntry {
  return { at, what, ...(error ? { reason: error.code } : {}) };
}

/** How long a desktop-flow run waited until a machine was told to go, and how long it ran from then (ms). */
export function desktopDurations(
  requestedMs: number,
  timeline: readonly TimelineEntry[],
  endedAt: string | undefined,
): { waitedMs?: number; ranMs?: number } {
  const told = timeline.findLast(({ what }) => what === 'told to go' || what === STARTED_OFFLINE);
  if (!told) return {};
  const goneMs = Date.parse(told.at);
  return {
    waitedMs: Math.max(0, goneMs - requestedMs),
    ...(endedAt === undefined ? {} : { ranMs: Math.max(0, Date.parse(endedAt) - goneMs) }),
  };
}
