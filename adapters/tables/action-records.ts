import { actionRecord, type ActionRecord } from '../../contracts/action-records';
import type { ActionRecords } from '../ports';
import { actionKey, actionPartition } from './action-keys';
import { requireText, textColumns } from './columns';
import type { Table } from './table';

/** Keys: adapters/tables/action-keys.ts. A continuation is the row key of the last record given. */
export class TableActionRecords implements ActionRecords {
  constructor(private readonly table: Table) {}

  async put(run: string, records: ActionRecord[]): Promise<void> {
    await Promise.all(
      records.map((record) =>
        this.table.put(actionKey(run, record), textColumns('record', JSON.stringify(record))),
      ),
    );
  }

  async list(
    run: string,
    { parent, top, after }: { parent: string; top: number; after?: string | undefined },
  ): Promise<{ records: ActionRecord[]; continuation?: string }> {
    const rows = await this.table.query({ partition: actionPartition(run, parent), after, top });
    const records = rows.map(({ columns }) => actionRecord.parse(JSON.parse(requireText(columns, 'record'))));
    const last = rows.length === top ? rows.at(-1) : undefined;
    return { records, ...(last ? { continuation: last.row } : {}) };
  }

  async purge(run: string, most: number): Promise<number> {
    return this.table.removePartitions(actionPartition(run, ''), most);
  }
}
