import { createHash } from 'node:crypto';
import type { DueRow, Schedules } from '../trigger-ports';
import { instantColumn, requireInstant, requireText } from './columns';
import type { Key, StoredRow, Table } from './table';

/**
 * Partition `due-<shard>`, row = due time, schedule and flow: read from the earliest on, so that a look costs what is due and no more.
 * Partition `last`, row = flow: the run that its schedule has started last.
 */
export class TableSchedules implements Schedules {
  readonly shards = 2;

  constructor(private readonly table: Table) {}

  async add(row: DueRow): Promise<void> {
    await this.table.insert(this.keyOf(row), {
      flow: row.flow,
      schedule: row.schedule,
      dueAt: instantColumn(row.dueMs),
      writtenAt: instantColumn(row.writtenMs),
    });
  }

  async wait(row: DueRow): Promise<void> {
    await this.table.merge(this.keyOf(row), { waiting: true });
  }

  remove(row: DueRow): Promise<void> {
    return this.table.remove(this.keyOf(row));
  }

  async due(query: {
    shard: number;
    nowMs: number;
    top: number;
    after?: DueRow | undefined;
  }): Promise<DueRow[]> {
    const { shard, nowMs, top, after } = query;
    const rows = await this.table.query({
      partition: `due-${shard}`,
      after: after && this.keyOf(after).row,
      below: timeKey(nowMs + 1),
      top,
    });
    return rows.map(fromRow);
  }

  async lastRun(flow: string): Promise<string | undefined> {
    const row = await this.table.get({ partition: 'last', row: flow });
    return row && requireText(row.columns, 'run');
  }

  setLastRun(flow: string, run: string): Promise<void> {
    return this.table.put({ partition: 'last', row: flow }, { run });
  }

  private keyOf({ flow, schedule, dueMs }: DueRow): Key {
    const digest = createHash('sha256').update(flow).digest();
    return {
      partition: `due-${digest.readUInt8(0) % this.shards}`,
      row: `${timeKey(dueMs)}-${schedule}-${flow}`,
    };
  }
}

function timeKey(ms: number): string {
  return String(ms).padStart(16, '0');
}

function fromRow({ columns }: StoredRow): DueRow {
  return {
    flow: requireText(columns, 'flow'),
    schedule: requireText(columns, 'schedule'),
    dueMs: requireInstant(columns, 'dueAt'),
    writtenMs: requireInstant(columns, 'writtenAt'),
    ...(columns['waiting'] === true ? { waiting: true } : {}),
  };
}
