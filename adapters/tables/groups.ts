import type { GroupRow, Groups } from '../ports';
import { instantColumn, optionalText, requireInstant, requireText } from './columns';
import type { StoredRow, Table } from './table';

const PARTITION = 'group';

/** Partition `group`, row = group id. */
export class TableGroups implements Groups {
  constructor(private readonly table: Table) {}

  async put({ id, name, createdMs, queueTimeout }: GroupRow): Promise<void> {
    const columns = { name, createdAt: instantColumn(createdMs), queueTimeout };
    await this.table.put({ partition: PARTITION, row: id }, columns);
  }

  async get(id: string): Promise<GroupRow | undefined> {
    const row = await this.table.get({ partition: PARTITION, row: id });
    return row && fromRow(row);
  }

  async list(): Promise<GroupRow[]> {
    return (await this.table.query({ partition: PARTITION })).map(fromRow);
  }

  async remove(id: string): Promise<void> {
    await this.table.remove({ partition: PARTITION, row: id });
  }
}

function fromRow({ row, columns }: StoredRow): GroupRow {
  return {
    id: row,
    name: requireText(columns, 'name'),
    createdMs: requireInstant(columns, 'createdAt'),
    queueTimeout: optionalText(columns, 'queueTimeout'),
  };
}
