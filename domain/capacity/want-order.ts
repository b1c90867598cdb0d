import type { BotWant } from '../run-queue/messages';
import { priorityRank } from '../run-queue/ordering';

/** Bots go by priority, then by time requested (row H1). */
export function compareWants(a: BotWant, b: BotWant): number {
  return priorityRank(a.priority) - priorityRank(b.priority) || a.requestedMs - b.requestedMs;
}
