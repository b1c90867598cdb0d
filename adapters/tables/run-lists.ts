import type { RunListQuery, RunRow } from '../ports';
import { isListedState, listPartitions, MONTHS_PARTITION, rowBefore, runKey } from './run-keys';
import { fromRow } from './run-row';
import { requireText } from './columns';
import type { StoredRow, TableRows } from './table';

/** Rows that one page looks at: what is filtered out costs the caller another page instead of an answer that takes for ever. */
const LOOKED_AT = 1_000;
const BATCH = 200;

/**
 * Lists of runs, newest first. Flow, desktop flow, machine, queue and the bad endings have a partition of their own (`run-keys.ts`); the other
 * filters are asked about each row of it, or of the months between `fromMs` and `toMs`. A continuation is the last row looked
 * at, behind its month where months are walked.
 */
export class RunLists {
  constructor(private readonly table: TableRows) {}

  async page(query: RunListQuery): Promise<{ rows: RunRow[]; continuation?: string }> {
    const list = listOf(query);
    const [monthOrRow = '', rowOfMonth] = query.continuation?.split('|') ?? [];
    const partitions = list === undefined ? await this.months(query, rowOfMonth && monthOrRow) : [list];
    const where = list === undefined ? { state: query.state, name: query.flow } : {};
    const rows: RunRow[] = [];
    let looked = 0;
    for (const [index, partition] of partitions.entries()) {
      let after = later(index === 0 ? (rowOfMonth ?? monthOrRow) : '', rowBefore(query.toMs));
      for (let more = true; more;) {
        if (rows.length >= query.top || looked >= LOOKED_AT) {
          return { rows, continuation: list === undefined ? `${partition}|${after}` : after };
        }
        const top = Math.min(BATCH, query.top - rows.length);
        const stored = await this.table.query({ partition, after, where, top });
        const wanted = stored.filter(
          ({ row }) => query.fromMs === undefined || row < rowBefore(query.fromMs),
        );
        const found = await this.rowsOf(wanted, list !== undefined);
        rows.push(...found.filter((row) => row !== undefined).filter((row) => fits(row, query)));
        looked += stored.length;
        after = wanted.at(-1)?.row ?? after;
        more = wanted.length === top;
      }
    }
    return { rows };
  }

  /** Months that have runs and are asked for, latest first. */
  private async months(query: RunListQuery, latest: string | undefined): Promise<string[]> {
    const stored = await this.table.query({ partition: MONTHS_PARTITION });
    const first = query.fromMs === undefined ? '' : monthOf(query.fromMs);
    const last = latest || (query.toMs === undefined ? '9' : monthOf(query.toMs));
    return stored
      .map(({ row }) => row)
      .filter((month) => month >= first && month <= last)
      .reverse();
  }

  /** Rows of lists name runs, whose rows are elsewhere; one that is gone leaves a gap. */
  private async rowsOf(stored: StoredRow[], isList: boolean): Promise<(RunRow | undefined)[]> {
    if (!isList) return stored.map(fromRow);
    return Promise.all(
      stored.map(async ({ columns }) => {
        const row = await this.table.get(runKey(requireText(columns, 'run')));
        return row && fromRow(row);
      }),
    );
  }
}

/** The partition that holds all that is asked for, and the fewest else. */
function listOf(query: RunListQuery): string | undefined {
  const { state, flow, desktopFlow, machine, queue } = query;
  if (query.alone) return listPartitions.alone();
  if (machine !== undefined) return listPartitions.machine(machine);
  if (queue !== undefined) return listPartitions.queue(queue);
  if (desktopFlow !== undefined) return listPartitions.desktopFlow(desktopFlow);
  if (state !== undefined && isListedState(state)) return listPartitions.state(state);
  return flow === undefined ? undefined : listPartitions.flow(flow);
}

function fits(row: RunRow, query: RunListQuery): boolean {
  const { state, flow, desktopFlow, machine, queue, trigger, startedBy } = query;
  const wanted = [
    [state, row.state],
    [flow ?? desktopFlow, row.name],
    [machine, row.machine],
    [queue, row.queue],
    [trigger, row.trigger],
    [startedBy, row.startedBy],
  ] as const;
  return wanted.every(([asked, is]) => asked === undefined || asked === is);
}

function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
