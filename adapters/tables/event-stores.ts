import { Cache } from '../cache';
import type { Deliveries, OutgoingEvents, Subscriptions } from '../event-ports';
import { TableDeliveries } from './deliveries';
import { TableOutgoingEvents } from './outgoing-events';
import { TableSubscriptions } from './subscriptions';
import type { TableRows } from './table';

/** How long a process may not have noticed that there is a first subscription (ms). */
const KNOWN_FOR_MS = 1_000;

/** The three stores of outgoing events, in one table. */
export function eventPorts(
  table: TableRows,
  now: () => number,
): { subscriptions: Subscriptions; events: OutgoingEvents; deliveries: Deliveries } {
  const subscriptions = new TableSubscriptions(table);
  const known = new Cache<boolean>({ entries: 1, keepMs: KNOWN_FOR_MS, now });
  const wanted = async (): Promise<boolean> => {
    const before = known.get('any');
    if (before !== undefined) return before;
    const any = await subscriptions.any();
    known.set('any', any);
    return any;
  };
  return {
    subscriptions,
    events: new TableOutgoingEvents({ table, wanted }),
    deliveries: new TableDeliveries(table),
  };
}
