import type { QueueReply } from './messages';
import { compareWants } from '../capacity/want-order';
import type { QueueState } from './state';

/** Bots arrive, or the news that other queues wait for some. Effects that were seen before are dropped. */
export function bot(
  state: QueueState,
  { effect, count, contended }: { effect: number; count: number; contended?: boolean | undefined },
): QueueReply {
  const { bots } = state;
  if (effect <= bots.seen) return { kind: 'old' };
  state.bots = {
    held: bots.held + count,
    seen: effect,
    contended: contended ?? bots.contended,
    // capacity has struck what it served off its list
    wants: [...bots.wants].sort(compareWants).slice(count),
  };
  return { kind: 'ok' };
}
