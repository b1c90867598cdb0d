import type { Bots } from '../ports';
import { optionalNumber } from './columns';
import type { Table } from './table';

const KEY = { partition: 'environment', row: 'bots' };

/** Partition `environment`, row `bots`. */
export class TableBots implements Bots {
  constructor(private readonly table: Table) {}

  async get(): Promise<number | undefined> {
    const row = await this.table.get(KEY);
    return row && optionalNumber(row.columns, 'bots');
  }

  async put(bots: number | undefined): Promise<void> {
    await this.table.put(KEY, { bots });
  }
}
