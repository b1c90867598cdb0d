import { errorInfoSchema } from '../../contracts/agent-protocol';
import type { RunIndex, RunListQuery, RunRow } from '../ports';
import {
  instantColumn,
  optionalInstant,
  optionalNumber,
  optionalText,
  requireInstant,
  requireText,
  textColumns,
} from './columns';
import { cloudRunKey, MONTHS_PARTITION, runKey } from './run-keys';
import type { Columns, StoredRow, Table } from './table';

/** Keys: adapters/tables/run-keys.ts. A continuation is `<month>.<row key of the last run given>`. */
export class TableRunIndex implements RunIndex {
  private readonly monthsKnown = new Set<string>();

  constructor(private readonly table: Table) {}

  async record(row: Partial<RunRow> & Pick<RunRow, 'run'>): Promise<void> {
    await this.noteMonth(row.run);
    await this.table.merge(runKey(row.run), toColumns(row));
  }

  async get(run: string): Promise<RunRow | undefined> {
    const row = await this.table.get(runKey(run));
    return row && fromRow(row);
  }

  async list(query: RunListQuery): Promise<{ rows: RunRow[]; continuation?: string }> {
    const [fromMonth, afterRow] = query.continuation?.split('.') ?? [];
    const rows: RunRow[] = [];
    for (const month of await this.months(fromMonth)) {
      const left = query.top - rows.length;
      const found = await this.table.query({
        partition: month,
        after: month === fromMonth ? afterRow : undefined,
        where: { state: query.state, name: query.flow },
        top: left,
      });
      rows.push(...found.flatMap((row) => fromRow(row) ?? []));
      const last = found.at(-1);
      if (found.length === left && last) return { rows, continuation: `${month}.${last.row}` };
    }
    return { rows };
  }

  async children(run: string): Promise<RunRow[]> {
    return (await this.table.query({ partition: run })).flatMap((row) => fromRow(row) ?? []);
  }

  /** Months that have runs, latest first, from `latest` back. */
  private async months(latest: string | undefined): Promise<string[]> {
    const rows = await this.table.query({ partition: MONTHS_PARTITION });
    const months = rows.map((row) => row.row).reverse();
    return latest === undefined ? months : months.filter((month) => month <= latest);
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
    ...(row.error ? textColumns('error', JSON.stringify(row.error)) : {}),
  };
}

/** The run, or undefined for a row to which only later facts have come so far. */
function fromRow({ columns }: StoredRow): RunRow | undefined {
  const kind = columns['kind'];
  if (kind !== 'cloud' && kind !== 'desktop') return undefined;
  const error = optionalText(columns, 'error');
  return {
    run: requireText(columns, 'run'),
    kind,
    name: requireText(columns, 'name'),
    state: requireText(columns, 'state'),
    requestedMs: requireInstant(columns, 'requestedAt'),
    endedMs: optionalInstant(columns, 'endedAt'),
    error: error === undefined ? undefined : errorInfoSchema.parse(JSON.parse(error)),
    machine: optionalText(columns, 'machine'),
    epoch: optionalNumber(columns, 'epoch'),
    fence: optionalNumber(columns, 'fence'),
    queue: optionalText(columns, 'queue'),
    cluster: optionalText(columns, 'cluster'),
    gateway: optionalText(columns, 'gateway'),
    heardMs: optionalInstant(columns, 'heardAt'),
    trigger: optionalText(columns, 'trigger'),
    startedBy: optionalText(columns, 'startedBy'),
  };
}
