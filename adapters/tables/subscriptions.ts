import { z } from 'zod';
import { eventType } from '../../contracts/outgoing-events';
import type { Subscription, SubscriptionHealth, Subscriptions } from '../event-ports';
import { deadPartition, waitingPartition } from './deliveries';
import {
  instantColumn,
  optionalInstant,
  optionalText,
  requireInstant,
  requireNumber,
  requireText,
} from './columns';
import type { Columns, Key, StoredRow, TableRows } from './table';

const PARTITION = 'subscription';
/** How it goes, by id: whoever delivers never writes the row that a person may be removing. */
const STATE = 'subscription-state';
/** Ids of subscriptions that are gone while their deliveries may not be. */
const REMOVED = 'removed-subscription';

const filter = z.object({ types: z.array(eventType).optional(), flows: z.array(z.string()).optional() });

/** Partition `subscription`, row = name. */
export class TableSubscriptions implements Subscriptions {
  constructor(private readonly table: TableRows) {}

  async put(subscription: Omit<Subscription, 'health' | 'replayAfter'>): Promise<void> {
    const { name, types, flows, previousSecretUntilMs, createdMs } = subscription;
    const { id, url, enabled, secretRef } = subscription;
    await this.table.merge(keyOf(name), {
      id,
      url,
      enabled,
      secretRef,
      filter: JSON.stringify({ types, flows }),
      previousSecretUntil: previousSecretUntilMs === undefined ? '' : instantColumn(previousSecretUntilMs),
      createdAt: instantColumn(createdMs),
    });
  }

  async get(name: string): Promise<Subscription | undefined> {
    const row = await this.table.get(keyOf(name));
    return row && this.withState(row);
  }

  async list(): Promise<Subscription[]> {
    return Promise.all((await this.table.query({ partition: PARTITION })).map((row) => this.withState(row)));
  }

  async any(): Promise<boolean> {
    return (await this.table.query({ partition: PARTITION, top: 1 })).length > 0;
  }

  async noteHealth(id: string, health: SubscriptionHealth): Promise<void> {
    const { lastSuccessMs, lastFailureMs, lastError, failures } = health;
    await this.table.merge(stateKey(id), {
      ...instants({ lastSuccessAt: lastSuccessMs, lastFailureAt: lastFailureMs }),
      lastError: lastError ?? '',
      failures,
    });
  }

  async noteReplay(id: string, after: string | undefined): Promise<void> {
    await this.table.merge(stateKey(id), { replayAfter: after ?? '' });
  }

  private async withState(row: StoredRow): Promise<Subscription> {
    const state = await this.table.get(stateKey(requireText(row.columns, 'id')));
    return fromRow(row, state?.columns ?? {});
  }

  async remove({ name, id }: Subscription): Promise<void> {
    await this.table.insert({ partition: REMOVED, row: id }, {});
    await this.table.remove(keyOf(name));
  }

  async purgeRemoved(most: number): Promise<number> {
    let removed = 0;
    for (const { row: id } of await this.table.query({ partition: REMOVED })) {
      for (const partition of [waitingPartition(id), deadPartition(id)]) {
        const rows = await this.table.query({ partition, top: most - removed });
        await Promise.all(rows.map((row) => this.table.remove(row)));
        removed += rows.length;
        if (removed >= most) return removed;
      }
      await this.table.remove(stateKey(id));
      await this.table.remove({ partition: REMOVED, row: id });
    }
    return removed;
  }
}

function keyOf(name: string): Key {
  return { partition: PARTITION, row: name };
}

function stateKey(id: string): Key {
  return { partition: STATE, row: id };
}

function instants(given: Record<string, number | undefined>): Columns {
  const known = Object.entries(given).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return Object.fromEntries(known.map(([name, ms]) => [name, instantColumn(ms)]));
}

function fromRow({ row: name, columns }: StoredRow, state: Columns): Subscription {
  const { types, flows } = filter.parse(JSON.parse(requireText(columns, 'filter')));
  const until = optionalText(columns, 'previousSecretUntil');
  return {
    name,
    id: requireText(columns, 'id'),
    url: requireText(columns, 'url'),
    types,
    flows,
    enabled: columns['enabled'] === true,
    secretRef: requireText(columns, 'secretRef'),
    previousSecretUntilMs: until ? Date.parse(until) : undefined,
    createdMs: requireInstant(columns, 'createdAt'),
    health: {
      lastSuccessMs: optionalInstant(state, 'lastSuccessAt'),
      lastFailureMs: optionalInstant(state, 'lastFailureAt'),
      lastError: optionalText(state, 'lastError') || undefined,
      failures: state['failures'] === undefined ? 0 : requireNumber(state, 'failures'),
    },
    replayAfter: optionalText(state, 'replayAfter') || undefined,
  };
}
