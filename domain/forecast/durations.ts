/** Latest durations of each desktop flow in ms, as a queue keeps them. */
export type Durations = Readonly<Record<string, readonly number[]>>;

/** The middle of the values; of an even number the mean of the two in the middle. Undefined when there are none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted[middle - 1];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}

/** How long a run of the flow is expected to take, in ms: as its latest runs, else as the queue's runs in general; undefined when nothing has run yet. */
export function expectedDuration(durations: Durations, flow: string): number | undefined {
  return median(durations[flow] ?? []) ?? median(Object.values(durations).flat());
}
