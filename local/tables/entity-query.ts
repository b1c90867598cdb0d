import { continuationKey, encodeContinuation } from './continuation';
import { lookupOf } from './entity-json';
import type { EntityRow, EntityStore } from './entity-store';
import { matches } from './filter';
import { parseFilter } from './filter-parser';
import { keyRange } from './key-range';
import { tableErrors } from './table-error';

/** Rows in one page, as the service gives at most. */
export const PAGE_ROWS = 1000;
/** Rows that one page may look at before it is answered short, with a continuation, so that nobody waits for a scan. */
const PAGE_SCAN = 5000;

const OPTIONS: ReadonlySet<string> = new Set(['$filter', '$select', '$top', '$format']);

export interface QueryPage {
  rows: EntityRow[];
  /** Continuation headers; none on the last page. */
  headers: Record<string, string>;
}

/**
 * One page of the entities that `$filter` matches, in the order of their keys.
 * @param isVisible whether the sender may see the row.
 * @throws TableError InvalidInput.
 */
export function queryEntities(
  store: EntityStore,
  table: number,
  query: URLSearchParams,
  isVisible: (row: EntityRow) => boolean = () => true,
): QueryPage {
  checkOptions(query);
  const text = query.get('$filter');
  const filter = text === null || text.trim() === '' ? undefined : parseFilter(text);
  const top = topOf(query);
  const rows: EntityRow[] = [];
  let looked = 0;
  for (const row of store.scan(table, keyRange(filter), continuationKey(query))) {
    if (rows.length === top || looked === PAGE_SCAN) return { rows, headers: nextHeaders(row) };
    looked += 1;
    if (!isVisible(row)) continue;
    if (filter === undefined || matches(filter, lookupOf(row))) rows.push(row);
  }
  return { rows, headers: {} };
}

/** @throws TableError NotImplemented for query options that the service does not have. */
export function checkOptions(query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (name.startsWith('$') && !OPTIONS.has(name)) throw tableErrors.notImplemented(`Query option ${name}.`);
  }
}

/** `$top`, at most one page. @throws TableError InvalidInput. */
export function topOf(query: URLSearchParams): number {
  const top = query.get('$top');
  if (top === null) return PAGE_ROWS;
  if (!/^\d{1,4}$/.test(top) || Number(top) < 1 || Number(top) > PAGE_ROWS) {
    throw tableErrors.invalidInput(`$top is a number from 1 to ${PAGE_ROWS}, not '${top}'.`);
  }
  return Number(top);
}

/** `$select` as a set; undefined for everything. */
export function selectOf(query: URLSearchParams): ReadonlySet<string> | undefined {
  const names = (query.get('$select') ?? '').split(',').map((name) => name.trim());
  const chosen = names.filter((name) => name !== '');
  return chosen.length === 0 || chosen.includes('*') ? undefined : new Set(chosen);
}

function nextHeaders(row: EntityRow): Record<string, string> {
  return {
    'x-ms-continuation-NextPartitionKey': encodeContinuation(row.partitionKey),
    'x-ms-continuation-NextRowKey': encodeContinuation(row.rowKey),
  };
}
