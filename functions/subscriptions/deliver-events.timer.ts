import { setTimeout as pause } from 'node:timers/promises';
import type { InvocationContext, Timer } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import { fanOut, replayKept } from './fan-out';
import { deliverDue, type LanePorts } from './deliver-lane';

/** How long a pass waits for its lanes (ms of real time): a slow receiver goes on in its own. */
const PATIENCE_MS = 8_000;

/**
 * Every ten seconds (row L3): noted events are put up for delivery, and each subscription's due deliveries are sent in a lane of their own, which
 * the next pass leaves alone while it goes on. Where the process ends in mid-lane, another pass sends again what was not taken off.
 */
export function deliverEvents(
  ports: LanePorts & Pick<Ports, 'runs'>,
  options: { chance?: () => number; patienceMs?: number } = {},
): (timer: Timer, context: InvocationContext) => Promise<void> {
  const { chance = Math.random, patienceMs = PATIENCE_MS } = options;
  const lanes = new Map<string, Promise<void>>();

  return async (_timer, context) => {
    const subscriptions = await ports.subscriptions.list();
    if (subscriptions.length === 0) return;
    await fanOut(ports, subscriptions);
    await replayKept(ports, subscriptions);
    for (const { id, name } of subscriptions) {
      if (lanes.has(id)) continue;
      const lane = deliverDue(ports, name, chance)
        .catch((cause: unknown) => context.warn(`Events for ${name} are delivered later: ${String(cause)}`))
        .finally(() => lanes.delete(id));
      lanes.set(id, lane);
    }
    const patience = new AbortController();
    const enough = pause(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.all(lanes.values()), enough]);
    patience.abort();
  };
}
