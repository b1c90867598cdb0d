import type { RunIndex, RunListQuery, RunRow } from '../ports';
import { instantColumn, textColumns } from './columns';
import { cloudRunKey, listRow, listsOf, MONTHS_PARTITION, resubmitsPartition, runKey } from './run-keys';
import { RunLists } from './run-lists';
import { fromRow } from './run-row';
import type { Columns, TableRows } from './table';

/** Keys: adapters/tables/run-keys.ts. */
export class TableRunIndex implements RunIndex {
  private readonly monthsKnown = new Set<string>();
  private readonly lists: RunLists;

  constructor(private readonly table: TableRows) {
    this.lists = new RunLists(table);
  }

  async record(row: Partial<RunRow> & Pick<RunRow, 'run'>): Promise<void> {
    await this.noteMonth(row.run);
    const { run, resubmittedFrom } = row;
    await Promise.all([
      this.table.merge(runKey(run), toColumns(row)),
      ...listsOf(row).map((partition) => this.table.insert({ partition, row: listRow(run) }, { run })),
      resubmittedFrom === undefined
        ? undefined
        : this.table.insert({ partition: resubmitsPartition(resubmittedFrom), row: run }, {}),
    ]);
  }

  async get(run: string): Promise<RunRow | undefined> {
    const row = await this.table.get(runKey(run));
    return row && fromRow(row);
  }

  list(query: RunListQuery): Promise<{ rows: RunRow[]; continuation?: string }> {
    return this.lists.page(query);
  }

  async children(run: string): Promise<RunRow[]> {
    return (await this.table.query({ partition: run })).flatMap((row) => fromRow(row) ?? []);
  }

  async resubmits(run: string): Promise<string[]> {
    return (await this.table.query({ partition: resubmitsPartition(run) })).map(({ row }) => row);
  }

  /** The run's own row goes last: as long as it stands, the rest can be found. */
  async remove(row: RunRow): Promise<void> {
    const links = await this.table.query({ partition: resubmitsPartition(row.run) });
    await Promise.all([
      ...listsOf(row).map((partition) => this.table.remove({ partition, row: listRow(row.run) })),
      ...links.map((link) => this.table.remove(link)),
    ]);
    await this.table.remove(runKey(row.run));
  }

  private async noteMonth(run: string): Promise<void> {
    if (run.includes('-')) return;
    const month = cloudRunKey(run).partition;
    if (this.monthsKnown.has(month)) return;
    await this.table.insert({ partition: MONTHS_PARTITION, row: month }, {});
    this.monthsKnown.add(month);
  }
}

function toColumns(row: Partial<RunRow> & Pick<RunRow, 'run'>): Columns {
  const instant = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : instantColumn(ms);
  return {
    run: row.run,
    kind: row.kind,
    name: row.name,
    state: row.state,
    requestedAt: instant(row.requestedMs),
    endedAt: instant(row.endedMs),
    machine: row.machine,
    epoch: row.epoch,
    fence: row.fence,
    queue: row.queue,
    cluster: row.cluster,
    gateway: row.gateway,
    heardAt: instant(row.heardMs),
    trigger: row.trigger,
    startedBy: row.startedBy,
    resubmittedFrom: row.resubmittedFrom,
    ...(row.error ? textColumns('error', JSON.stringify(row.error)) : {}),
  };
}
