import { createHash } from 'node:crypto';
import type { FlowDisabled, Flows, StoredFlow } from '../../adapters/flow-ports';

/** The port over maps. */
export function inMemoryFlows(now: () => number): Flows {
  const rows = new Map<string, StoredFlow & { deleted?: boolean }>();
  const changes = new Map<string, number>();
  const snapshots = new Map<string, StoredFlow['definition']>();
  const current = (name: string): StoredFlow | undefined => {
    const row = rows.get(name);
    return row?.deleted ? undefined : row;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const port: Flows = {
    put: async (definition, before) => {
      const hash = createHash('sha256').update(JSON.stringify(definition)).digest('hex');
      const known = current(definition.name);
      const keeps = JSON.stringify(known?.definition.triggers) === JSON.stringify(definition.triggers);
      const stored: StoredFlow = {
        name: definition.name,
        hash,
        updatedMs: now(),
        definition,
        triggerSinceMs: keeps && known ? known.triggerSinceMs : Math.floor(now() / 1_000) * 1_000,
        ...(known?.disabled ? { disabled: known.disabled } : {}),
      };
      await before?.(stored);
      snapshots.set(hash, definition);
      rows.set(definition.name, stored);
      return stored;
    },
    change: (wanted, before) => {
      // One after the other, as transactions are.
      const changed = turn.then(async () => {
        if (wanted.some(({ name, was }) => current(name)?.hash !== was)) return false;
        for (const { name, definition } of wanted) {
          if (definition) await port.put(definition, before);
          else await port.setState(name, 'deleted');
        }
        return true;
      });
      turn = changed;
      return changed;
    },
    setState: (name: string, to: 'enabled' | 'deleted' | FlowDisabled) => {
      const known = current(name);
      const same = to === 'enabled' ? !known?.disabled : to !== 'deleted' && known?.disabled !== undefined;
      if (!known || same) return Promise.resolve(undefined);
      const number = (changes.get(name) ?? 0) + 1;
      changes.set(name, number);
      const { disabled: _, ...row } = known;
      if (to === 'deleted') rows.set(name, { ...row, deleted: true });
      else rows.set(name, to === 'enabled' ? row : { ...row, disabled: to });
      return Promise.resolve(number);
    },
    deleted: () => Promise.resolve([...rows.values()].flatMap((row) => (row.deleted ? [row.name] : []))),
    forget: (name) => {
      if (rows.get(name)?.deleted) rows.delete(name);
      return Promise.resolve();
    },
    get: (name) => Promise.resolve(current(name)),
    list: () => Promise.resolve([...rows.values()].filter(({ deleted }) => !deleted)),
    snapshot: (hash) => Promise.resolve(snapshots.get(hash)),
  };
  return port;
}
