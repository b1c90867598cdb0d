import { eventType } from '../../contracts/outgoing-events';
import { instantKey } from '../../domain/outgoing-events/events';
import type { Deliveries, Delivery, DeliveryPage, Paged, WaitingDelivery } from '../event-ports';
import { optionalText, requireNumber, requireText } from './columns';
import type { Columns, Key, StoredRow, TableRows } from './table';

const DUE_LENGTH = 13;

/** Rows `<instant when due>-<event>`: the first rows are those to send. */
export function waitingPartition(subscription: string): string {
  return `waiting:${subscription}`;
}

/** Rows = event ids. */
export function deadPartition(subscription: string): string {
  return `dead:${subscription}`;
}

/** A delivery that moves is written at its new place first: a crash in between makes two of it, never none. */
export class TableDeliveries implements Deliveries {
  constructor(private readonly table: TableRows) {}

  async waiting(subscription: string, page: DeliveryPage): Promise<Paged<WaitingDelivery>> {
    return this.page(waitingPartition(subscription), page, (stored) => ({
      dueMs: Number(stored.row.slice(0, DUE_LENGTH)),
      ...fromRow(stored),
    }));
  }

  async dead(subscription: string, page: DeliveryPage): Promise<Paged<Delivery>> {
    return this.page(deadPartition(subscription), page, fromRow);
  }

  async findDead(subscription: string, event: string): Promise<Delivery | undefined> {
    const stored = await this.table.get({ partition: deadPartition(subscription), row: event });
    return stored && fromRow(stored);
  }

  async enqueue(subscription: string, delivery: WaitingDelivery): Promise<void> {
    await this.table.insert(waitingKey(subscription, delivery), toColumns(delivery));
  }

  async done(subscription: string, delivery: WaitingDelivery): Promise<void> {
    await this.table.remove(waitingKey(subscription, delivery));
  }

  async bury(subscription: string, delivery: WaitingDelivery): Promise<void> {
    await this.table.put(
      { partition: deadPartition(subscription), row: delivery.event },
      toColumns(delivery),
    );
    await this.done(subscription, delivery);
  }

  async revive(subscription: string, delivery: WaitingDelivery): Promise<void> {
    await this.enqueue(subscription, delivery);
    await this.table.remove({ partition: deadPartition(subscription), row: delivery.event });
  }

  private async page<T>(
    partition: string,
    { top, continuation }: DeliveryPage,
    of: (stored: StoredRow) => T,
  ): Promise<Paged<T>> {
    const rows = await this.table.query({ partition, after: continuation, top });
    const items = rows.map(of);
    return rows.length < top ? { items } : { items, continuation: rows.at(-1)?.row };
  }
}

function waitingKey(subscription: string, { dueMs, event }: WaitingDelivery): Key {
  return { partition: waitingPartition(subscription), row: `${instantKey(dueMs)}-${event}` };
}

function toColumns({ event, type, attempts, lastError }: Delivery): Columns {
  return { event, type, attempts, lastError };
}

function fromRow({ columns }: StoredRow): Delivery {
  return {
    event: requireText(columns, 'event'),
    type: eventType.parse(columns['type']),
    attempts: requireNumber(columns, 'attempts'),
    lastError: optionalText(columns, 'lastError'),
  };
}
