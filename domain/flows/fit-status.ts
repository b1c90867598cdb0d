import type { ActionStatus } from '../../contracts/runs';

/** Custom status holds at most 16 KiB of UTF-16 text, that is 8,192 characters. */
const LONGEST = 8_000;

/** The actions as they fit into the custom status: outputs are left out, largest first, until they do. */
export function fitActions(actions: Record<string, ActionStatus>): Record<string, ActionStatus> {
  const sized = Object.entries(actions).map(([name, status]) => ({
    name,
    status,
    outputs: status.outputs === undefined ? 0 : JSON.stringify(status.outputs).length,
    rest: JSON.stringify({ ...status, outputs: undefined }).length + name.length + 4,
  }));
  let total = sized.reduce((sum, { outputs, rest }) => sum + outputs + rest, 0);
  const bySize = [...sized].sort((a, b) => b.outputs - a.outputs);
  const left = new Set<string>();
  for (const { name, outputs } of bySize) {
    if (total <= LONGEST) break;
    left.add(name);
    total -= outputs;
  }
  return Object.fromEntries(
    sized.map(({ name, status }) => {
      if (!left.has(name)) return [name, status];
      const { outputs: _outputs, ...rest } = status;
      return [name, rest];
    }),
  );
}
