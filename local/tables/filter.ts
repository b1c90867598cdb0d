import type { Scalar } from './edm';

export type Comparator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** A `$filter` as a tree (made by filter-parser.ts). */
export type Filter =
  | { kind: 'and' | 'or'; left: Filter; right: Filter }
  | { kind: 'not'; operand: Filter }
  | { kind: 'compare'; property: string; comparator: Comparator; literal: Scalar }
  | { kind: 'constant'; value: boolean };

/** What a filter is asked about: the value of a property, undefined when there is none. */
export type Lookup = (property: string) => Scalar | undefined;

/** Whether an entity matches. A comparison with a missing property or another type is false, also for `ne`. */
export function matches(filter: Filter, lookup: Lookup): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(filter.left, lookup) && matches(filter.right, lookup);
    case 'or':
      return matches(filter.left, lookup) || matches(filter.right, lookup);
    case 'not':
      return !matches(filter.operand, lookup);
    case 'constant':
      return filter.value;
    case 'compare': {
      const value = lookup(filter.property);
      const order = value === undefined ? undefined : compareScalars(value, filter.literal);
      return order !== undefined && holds(filter.comparator, order);
    }
  }
}

function holds(comparator: Comparator, order: number): boolean {
  switch (comparator) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
  }
}

/** Negative, zero, positive; undefined for values that have no order between them. */
function compareScalars(a: Scalar, b: Scalar): number | undefined {
  if (a.kind !== b.kind) return undefined;
  if (a.kind === 'string' && b.kind === 'string') return compareText(a.value, b.value);
  if (a.value < b.value) return -1;
  if (a.value > b.value) return 1;
  // bigint and number compare loosely equal across types; NaN equals nothing.
  // oxlint-disable-next-line eqeqeq -- 5n and 5 are the same number here
  return a.value == b.value ? 0 : undefined;
}

const SURROGATE = /[\ud800-\udfff]/;

/** Order of code points: the order in which the rows are stored and paged. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  // JavaScript compares UTF-16 units: the same order, except where surrogates are involved.
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
