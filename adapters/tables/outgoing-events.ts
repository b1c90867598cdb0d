import { z } from 'zod';
import { eventType } from '../../contracts/outgoing-events';
import { instantKey, type OutgoingEvent } from '../../domain/outgoing-events/events';
import type { OutgoingEvents } from '../event-ports';
import { requireText, textColumns } from './columns';
import type { Key, StoredRow, TableRows } from './table';

const PENDING = 'pending-event';
const DAYS = 'event-days';

const stored = z.object({
  id: z.string(),
  type: eventType,
  atMs: z.number(),
  subject: z.string(),
  flow: z.string().optional(),
  run: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});

interface EventsOptions {
  table: TableRows;
  /** Whether anybody subscribes. */
  wanted: () => Promise<boolean>;
}

/**
 * Noted events wait in partition `pending-event`; the log has a partition for each day (`events:2026-11-22`), and `event-days` names
 * the days that there are. Row = event id, which begins with its instant.
 */
export class TableOutgoingEvents implements OutgoingEvents {
  constructor(private readonly options: EventsOptions) {}

  async append(event: OutgoingEvent): Promise<void> {
    if (!(await this.options.wanted())) return;
    await this.options.table.insert(pendingKey(event.id), textColumns('event', JSON.stringify(event)));
  }

  async pending(top: number): Promise<OutgoingEvent[]> {
    return (await this.options.table.query({ partition: PENDING, top })).map(fromRow);
  }

  async keep(event: OutgoingEvent): Promise<OutgoingEvent> {
    const { table } = this.options;
    const key = logKey(event.id);
    await table.insert({ partition: DAYS, row: dayOf(event.id) }, {});
    if (await table.insert(key, textColumns('event', JSON.stringify(event)))) return event;
    return (await this.get(event.id)) ?? event;
  }

  async settle(id: string): Promise<void> {
    await this.options.table.remove(pendingKey(id));
  }

  async get(id: string): Promise<OutgoingEvent | undefined> {
    const row = await this.options.table.get(logKey(id));
    return row && fromRow(row);
  }

  async after(place: string, top: number): Promise<OutgoingEvent[]> {
    const found: OutgoingEvent[] = [];
    const first = dayOf(place);
    for (const day of await this.days()) {
      if (day < first) continue;
      const query = { partition: logPartition(day), after: place, top: top - found.length };
      found.push(...(await this.options.table.query(query)).map(fromRow));
      if (found.length >= top) break;
    }
    return found;
  }

  async purge(beforeMs: number, most: number): Promise<number> {
    const { table } = this.options;
    const limit = instantKey(beforeMs);
    let removed = 0;
    const clear = async (partition: string): Promise<boolean> => {
      const rows = await table.query({ partition, top: most - removed });
      const old = rows.filter(({ row }) => row < limit);
      await Promise.all(old.map((row) => table.remove(row)));
      removed += old.length;
      return old.length === rows.length && removed < most;
    };
    await clear(PENDING);
    for (const day of await this.days()) {
      if (day > dayOf(limit) || removed >= most) break;
      // Of the day that the limit falls into, some stay.
      if ((await clear(logPartition(day))) && day < dayOf(limit))
        await table.remove({ partition: DAYS, row: day });
    }
    return removed;
  }

  private async days(): Promise<string[]> {
    return (await this.options.table.query({ partition: DAYS })).map(({ row }) => row);
  }
}

function pendingKey(id: string): Key {
  return { partition: PENDING, row: id };
}

function logKey(id: string): Key {
  return { partition: logPartition(dayOf(id)), row: id };
}

function logPartition(day: string): string {
  return `events:${day}`;
}

/** Day of the instant that an id begins with. */
function dayOf(id: string): string {
  return new Date(Number(id.slice(0, 13))).toISOString().slice(0, 10);
}

function fromRow({ columns }: StoredRow): OutgoingEvent {
  return stored.parse(JSON.parse(requireText(columns, 'event')));
}
