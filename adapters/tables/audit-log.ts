import { randomBytes } from 'node:crypto';
import { auditEntry, type AuditEntry } from '../../contracts/audit';
import type { AuditLog, AuditLogQuery } from '../audit-ports';
import { requireText, textColumns } from './columns';
import type { StoredRow, TableRows } from './table';

const DAYS = 'days';
/** Later than any instant (ms). */
const END_OF_TIME = 9_999_999_999_999;
/** Rows that one page looks at: what is filtered out costs the caller another page instead of an answer that takes for ever. */
const LOOKED_AT = 1_000;
const BATCH = 200;

/**
 * Partition = day (`2026-11-22`), row = instant counted down, number within it counted down and a random part: the newest comes first. The partition `days` names the days that
 * there are. Who and by which function are columns of their own, to be asked for; the rest is one JSON text.
 */
export class TableAuditLog implements AuditLog {
  private readonly daysKnown = new Set<string>();
  /** How many entries of this process the last instant has. */
  private last = { atMs: 0, count: 0 };

  constructor(private readonly table: TableRows) {}

  async record(entry: AuditEntry): Promise<void> {
    const atMs = Date.parse(entry.at);
    const day = dayOf(atMs);
    if (!this.daysKnown.has(day)) {
      await this.table.insert({ partition: DAYS, row: day }, {});
      this.daysKnown.add(day);
    }
    await this.table.insert(
      { partition: day, row: `${timeKey(atMs)}-${this.numberKey(atMs)}${randomBytes(5).toString('hex')}` },
      { by: entry.by, function: entry.function, ...textColumns('entry', JSON.stringify(entry)) },
    );
  }

  async list(query: AuditLogQuery): Promise<{ entries: AuditEntry[]; continuation?: string }> {
    const { by, function: name, target, fromMs, toMs, top } = query;
    const [lastDay, lastRow = ''] = query.continuation?.split('|') ?? [];
    const below = fromMs === undefined ? undefined : behind(fromMs);
    const entries: AuditEntry[] = [];
    let looked = 0;
    for (const day of await this.days(query, lastDay)) {
      let after = later(day === lastDay ? lastRow : '', toMs === undefined ? '' : behind(toMs));
      for (let more = true; more;) {
        if (entries.length >= top || looked >= LOOKED_AT) return { entries, continuation: `${day}|${after}` };
        const batch = Math.min(BATCH, top - entries.length);
        const where = { by, function: name };
        const rows = await this.table.query({ partition: day, after, below, where, top: batch });
        const found = rows.map(fromRow);
        entries.push(
          ...found.filter((entry) => target === undefined || Object.values(entry.target).includes(target)),
        );
        looked += rows.length;
        after = rows.at(-1)?.row ?? after;
        more = rows.length === batch;
      }
    }
    return { entries };
  }

  async purge(beforeMs: number, most: number): Promise<number> {
    let removed = 0;
    for (const day of (await this.allDays()).filter((known) => known < dayOf(beforeMs))) {
      const rows = await this.table.query({ partition: day, top: most - removed });
      await Promise.all(rows.map((row) => this.table.remove(row)));
      removed += rows.length;
      if (removed >= most) break;
      await this.table.remove({ partition: DAYS, row: day });
      this.daysKnown.delete(day);
    }
    return removed;
  }

  /** Orders what this process notes within one millisecond. */
  private numberKey(atMs: number): string {
    this.last = { atMs, count: atMs === this.last.atMs ? this.last.count + 1 : 0 };
    return String(999_999 - this.last.count).padStart(6, '0');
  }

  /** Days that have entries and are asked for, latest first. */
  private async days({ fromMs, toMs }: AuditLogQuery, latest: string | undefined): Promise<string[]> {
    const first = fromMs === undefined ? '' : dayOf(fromMs);
    const last = latest ?? (toMs === undefined ? '9' : dayOf(toMs));
    return (await this.allDays()).filter((day) => day >= first && day <= last).reverse();
  }

  private async allDays(): Promise<string[]> {
    return (await this.table.query({ partition: DAYS })).map(({ row }) => row);
  }
}

function timeKey(ms: number): string {
  return String(END_OF_TIME - ms).padStart(13, '0');
}

/** Entries of this instant and later are before it, earlier ones behind it. */
function behind(ms: number): string {
  return `${timeKey(ms)}~`;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function fromRow({ columns }: StoredRow): AuditEntry {
  return auditEntry.parse(JSON.parse(requireText(columns, 'entry')));
}
