import type { Priority } from '../../contracts/runs';

const ranks: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

/** Bots go by priority, then by time requested (row H1). */
export function compareWants(
  a: { priority: Priority; requestedMs: number },
  b: { priority: Priority; requestedMs: number },
): number {
  return ranks[a.priority] - ranks[b.priority] || a.requestedMs - b.requestedMs;
}
