import type { EventSourceRow, EventSources } from '../trigger-ports';
import { instantColumn, requireInstant, requireText } from './columns';
import type { StoredRow, Table } from './table';

const PARTITION = 'event-source';

/** Partition `event-source`, row = name. */
export class TableEventSources implements EventSources {
  constructor(private readonly table: Table) {}

  async put({ name, auth, secretRef, createdMs }: EventSourceRow): Promise<void> {
    const columns = { auth, secretRef, createdAt: instantColumn(createdMs) };
    await this.table.put({ partition: PARTITION, row: name }, columns);
  }

  async get(name: string): Promise<EventSourceRow | undefined> {
    const row = await this.table.get({ partition: PARTITION, row: name });
    return row && fromRow(row);
  }

  async list(): Promise<EventSourceRow[]> {
    return (await this.table.query({ partition: PARTITION })).map(fromRow);
  }

  remove(name: string): Promise<void> {
    return this.table.remove({ partition: PARTITION, row: name });
  }
}

function fromRow({ row, columns }: StoredRow): EventSourceRow {
  return {
    name: row,
    auth: columns['auth'] === 'signature' ? 'signature' : 'key',
    secretRef: requireText(columns, 'secretRef'),
    createdMs: requireInstant(columns, 'createdAt'),
  };
}
