const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Runs that a schedule will request: one desktop-flow action of one flow on one queue. */
export interface PlannedWork {
  flow: string;
  desktopFlow: string;
  /** When runs come due, ms since the epoch. */
  starts: readonly number[];
  /** Of one run; undefined when none has run yet. */
  durationMs: number | undefined;
  /** Part of the runs that this queue gets: less than 1 for a member of a cluster. */
  share: number;
}

export interface HourLoad {
  atMs: number;
  busyMinutes: number;
  capacityMinutes: number;
  overbooked: boolean;
  flows: { flow: string; desktopFlow: string; starts: number; busyMinutes: number }[];
}

/**
 * The expected load of one queue, hour by hour (row H4). A run is counted from the moment it comes due: waiting is what an
 * overbooked hour means. `slots` is the number of runs that the queue's machines execute at once.
 */
export function hourlyLoad(
  work: readonly PlannedWork[],
  { fromMs, hours, slots }: { fromMs: number; hours: number; slots: number },
): HourLoad[] {
  return Array.from({ length: hours }, (_none, index) => {
    const atMs = fromMs + index * HOUR_MS;
    const flows = work
      .map((item) => inHour(item, atMs))
      .filter(({ starts, busyMinutes }) => starts > 0 || busyMinutes > 0);
    const busyMinutes = flows.reduce((sum, flow) => sum + flow.busyMinutes, 0);
    const capacityMinutes = slots * 60;
    return { atMs, busyMinutes, capacityMinutes, overbooked: busyMinutes > capacityMinutes, flows };
  });
}

/** The beginnings of the `count` hours with the most time left, best first. */
export function quietest(hours: readonly HourLoad[], count: number): number[] {
  const left = ({ capacityMinutes, busyMinutes }: HourLoad): number => capacityMinutes - busyMinutes;
  return [...hours]
    .sort((a, b) => left(b) - left(a) || a.atMs - b.atMs)
    .slice(0, count)
    .map(({ atMs }) => atMs);
}

function inHour(work: PlannedWork, atMs: number): HourLoad['flows'][number] {
  const { flow, desktopFlow, share, durationMs = 0 } = work;
  const untilMs = atMs + HOUR_MS;
  const starts = work.starts.filter((start) => start >= atMs && start < untilMs).length;
  const busyMs = work.starts.reduce(
    (sum, start) => sum + Math.max(0, Math.min(start + durationMs, untilMs) - Math.max(start, atMs)),
    0,
  );
  return { flow, desktopFlow, starts: starts * share, busyMinutes: (busyMs * share) / MINUTE_MS };
}
