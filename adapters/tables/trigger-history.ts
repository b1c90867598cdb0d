import type { TriggerEntry, TriggerHistory, TriggerOutcome } from '../trigger-ports';
import {
  instantColumn,
  optionalNumber,
  optionalText,
  requireInstant,
  requireText,
  textColumns,
} from './columns';
import type { StoredRow, Table } from './table';

/** Later than any instant (ms). */
const END_OF_TIME = 9_999_999_999_999;

/** Row of the number of events that passed by; behind all entries. */
const FILTERED = '~filtered';

/** Partition = flow, row = instant counted down and the entry's id: the newest comes first. */
export class TableTriggerHistory implements TriggerHistory {
  constructor(private readonly table: Table) {}

  async record(entry: TriggerEntry): Promise<void> {
    await this.table.put(
      { partition: entry.flow, row: `${timeKey(entry.atMs)}-${entry.id}` },
      {
        at: instantColumn(entry.atMs),
        trigger: entry.trigger,
        outcome: entry.outcome,
        reason: entry.reason,
        run: entry.run,
        ...(entry.detail === undefined ? {} : textColumns('detail', entry.detail)),
      },
    );
  }

  async list(
    flow: string,
    { top, continuation }: { top: number; continuation?: string | undefined },
  ): Promise<{ entries: TriggerEntry[]; continuation?: string }> {
    const rows = await this.table.query({ partition: flow, after: continuation, below: '~', top });
    const last = rows.at(-1);
    const entries = rows.map((row) => fromRow(flow, row));
    return rows.length === top && last ? { entries, continuation: last.row } : { entries };
  }

  async addFiltered(flow: string, count: number): Promise<void> {
    const key = { partition: flow, row: FILTERED };
    for (;;) {
      const row = await this.table.get(key);
      const columns = { count: (row ? (optionalNumber(row.columns, 'count') ?? 0) : 0) + count };
      const written = row
        ? await this.table.replace(key, columns, row.etag)
        : await this.table.insert(key, columns);
      if (written) return;
    }
  }

  async filtered(flow: string): Promise<number> {
    const row = await this.table.get({ partition: flow, row: FILTERED });
    return row ? (optionalNumber(row.columns, 'count') ?? 0) : 0;
  }

  async prune(flow: string, beforeMs: number, top: number): Promise<number> {
    const old = await this.table.query({ partition: flow, after: timeKey(beforeMs - 1), below: '~', top });
    await Promise.all(old.map((row) => this.table.remove(row)));
    return old.length;
  }
}

function timeKey(ms: number): string {
  return String(END_OF_TIME - ms).padStart(13, '0');
}

function fromRow(flow: string, { row, columns }: StoredRow): TriggerEntry {
  return {
    flow,
    atMs: requireInstant(columns, 'at'),
    id: row.slice(row.indexOf('-') + 1),
    trigger: requireText(columns, 'trigger'),
    outcome: requireText(columns, 'outcome') as TriggerOutcome,
    reason: optionalText(columns, 'reason'),
    run: optionalText(columns, 'run'),
    detail: optionalText(columns, 'detail'),
  };
}
