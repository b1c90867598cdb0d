import type { FlowHealth } from '../trigger-ports';
import { optionalNumber } from './columns';
import type { Table } from './table';

const PARTITION = 'health';

/** Partition `health`, row = flow: how many runs have failed one after another, and which was counted last. */
export class TableFlowHealth implements FlowHealth {
  constructor(private readonly table: Table) {}

  async ended(flow: string, run: string, failed: boolean): Promise<number> {
    const key = { partition: PARTITION, row: flow };
    for (;;) {
      const row = await this.table.get(key);
      const failures = row ? (optionalNumber(row.columns, 'failures') ?? 0) : 0;
      if (row?.columns['run'] === run || (!failed && failures === 0)) return failures;
      const columns = { run, failures: failed ? failures + 1 : 0 };
      const written = row
        ? await this.table.replace(key, columns, row.etag)
        : await this.table.insert(key, columns);
      if (written) return columns.failures;
    }
  }

  reset(flow: string): Promise<void> {
    return this.table.remove({ partition: PARTITION, row: flow });
  }
}
