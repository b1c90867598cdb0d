import { compareText, type Filter } from './filter';

/** One end of an interval of keys. */
export interface Bound {
  value: string;
  inclusive: boolean;
}

/** Keys between `low` and `high`; a missing end is open. */
export interface Interval {
  low?: Bound;
  high?: Bound;
}

/** A box around everything that a filter can match: what the primary key can serve. */
export interface KeyRange {
  partition: Interval;
  row: Interval;
}

const EVERYTHING: KeyRange = { partition: {}, row: {} };

/**
 * The smallest box of keys that holds all matches: conjunctions narrow it, disjunctions widen it to hold both sides.
 * The filter itself is still asked about every row in the box.
 */
export function keyRange(filter: Filter | undefined): KeyRange {
  switch (filter?.kind) {
    case 'and': {
      const [left, right] = [keyRange(filter.left), keyRange(filter.right)];
      return {
        partition: narrow(left.partition, right.partition),
        row: narrow(left.row, right.row),
      };
    }
    case 'or': {
      const [left, right] = [keyRange(filter.left), keyRange(filter.right)];
      return { partition: widen(left.partition, right.partition), row: widen(left.row, right.row) };
    }
    case 'compare': {
      if (filter.literal.kind !== 'string') return EVERYTHING;
      const interval = intervalOf(filter.comparator, filter.literal.value);
      if (filter.property === 'PartitionKey') return { partition: interval, row: {} };
      if (filter.property === 'RowKey') return { partition: {}, row: interval };
      return EVERYTHING;
    }
    default:
      return EVERYTHING;
  }
}

/** The one key of an interval, or undefined when it holds several. */
export function single(interval: Interval): string | undefined {
  const { low, high } = interval;
  return low?.inclusive && high?.inclusive && low.value === high.value ? low.value : undefined;
}

function intervalOf(comparator: string, value: string): Interval {
  switch (comparator) {
    case 'eq':
      return { low: { value, inclusive: true }, high: { value, inclusive: true } };
    case 'gt':
    case 'ge':
      return { low: { value, inclusive: comparator === 'ge' } };
    case 'lt':
    case 'le':
      return { high: { value, inclusive: comparator === 'le' } };
    default:
      return {};
  }
}

/** Whether `a` reaches less far than `b`; `side` is 1 for upper ends, -1 for lower ends. */
function isTighter(a: Bound, b: Bound, side: 1 | -1): boolean {
  const order = compareText(a.value, b.value) * side;
  return order === 0 ? !a.inclusive : order < 0;
}

function narrow(a: Interval, b: Interval): Interval {
  const low = a.low && b.low ? (isTighter(a.low, b.low, -1) ? a.low : b.low) : (a.low ?? b.low);
  const high = a.high && b.high ? (isTighter(a.high, b.high, 1) ? a.high : b.high) : (a.high ?? b.high);
  return { ...(low && { low }), ...(high && { high }) };
}

function widen(a: Interval, b: Interval): Interval {
  const low = a.low && b.low && (isTighter(a.low, b.low, -1) ? b.low : a.low);
  const high = a.high && b.high && (isTighter(a.high, b.high, 1) ? b.high : a.high);
  return { ...(low && { low }), ...(high && { high }) };
}
