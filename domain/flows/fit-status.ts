import type { ActionStatus } from '../../contracts/runs';

/** Custom status holds at most 16 KiB of UTF-16 text, that is 8,192 characters; some are left for state and error. */
const LONGEST = 6_000;

/**
 * The actions as they fit into the custom status. What is too much goes in this order: outputs, largest first; times and errors;
 * then whole actions, those first that have succeeded. The result of the run has them all.
 */
export function fitActions(actions: Record<string, ActionStatus>): Record<string, ActionStatus> {
  const rows = Object.entries(actions);
  const withoutOutputs = dropOutputs(rows);
  if (lengthOf(withoutOutputs) <= LONGEST) return Object.fromEntries(withoutOutputs);
  return Object.fromEntries(
    dropActions(rows.map(([name, { status, run }]) => [name, run ? { status, run } : { status }])),
  );
}

type Row = [name: string, status: ActionStatus];

function dropOutputs(rows: Row[]): Row[] {
  let total = lengthOf(rows);
  const largest = rows
    .map(([name, { outputs }]) => ({
      name,
      length: outputs === undefined ? 0 : JSON.stringify(outputs).length,
    }))
    .sort((a, b) => b.length - a.length);
  const left = new Set<string>();
  for (const { name, length } of largest) {
    if (total <= LONGEST || length === 0) break;
    left.add(name);
    total -= length;
  }
  return rows.map(([name, status]) => {
    if (!left.has(name)) return [name, status];
    const { outputs: _outputs, ...rest } = status;
    return [name, rest];
  });
}

function dropActions(rows: Row[]): Row[] {
  const succeededLast = [...rows].sort(([, a], [, b]) => weight(a) - weight(b));
  const kept = new Set<string>();
  let total = 2;
  for (const row of succeededLast) {
    total += lengthOf([row]);
    if (total > LONGEST) break;
    kept.add(row[0]);
  }
  return rows.filter(([name]) => kept.has(name));
}

function weight({ status }: ActionStatus): number {
  if (status === 'Running') return 0;
  return status === 'Succeeded' || status === 'Skipped' ? 2 : 1;
}

function lengthOf(rows: Row[]): number {
  return rows.reduce(
    (sum, [name, status]) => sum + JSON.stringify(name).length + JSON.stringify(status).length + 2,
    0,
  );
}
