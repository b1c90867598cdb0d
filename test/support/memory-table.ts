import type { Columns, Key, StoredRow, TableRows } from '../../adapters/tables/table';

/** A table over a map, in the order of keys. */
export function memoryTable(): TableRows {
  const rows = new Map<string, StoredRow>();
  let writes = 0;

  function write(key: Key, columns: Columns): string {
    const etag = String(++writes);
    rows.set(textOf(key), { partition: key.partition, row: key.row, etag, columns: defined(columns) });
    return etag;
  }

  return {
    insert: async (key, columns) => {
      if (rows.has(textOf(key))) return false;
      write(key, columns);
      return true;
    },
    get: async (key) => rows.get(textOf(key)),
    merge: async (key, columns) =>
      void write(key, { ...rows.get(textOf(key))?.columns, ...defined(columns) }),
    put: async (key, columns) => void write(key, columns),
    replace: async (key, columns, etag) =>
      rows.get(textOf(key))?.etag === etag ? write(key, columns) : undefined,
    remove: async (key) => void rows.delete(textOf(key)),
    transact: async (writes) => {
      const possible = writes.every(({ key, ...one }) => {
        if (one.kind === 'insert') return !rows.has(textOf(key));
        return one.kind === 'remove' ? rows.has(textOf(key)) : rows.get(textOf(key))?.etag === one.etag;
      });
      for (const one of possible ? writes : []) {
        if (one.kind === 'remove') rows.delete(textOf(one.key));
        else write(one.key, one.columns);
      }
      return possible;
    },
    removePartitions: async (prefix, most) => {
      const found = [...rows.values()].filter((row) => row.partition.startsWith(prefix)).slice(0, most);
      for (const row of found) rows.delete(textOf(row));
      return found.length;
    },
    query: async ({ partition, after, below, where = {}, top }) =>
      [...rows.values()]
        .filter((row) => row.partition === partition && (after === undefined || row.row > after))
        .filter(({ row }) => below === undefined || row < below)
        .filter(({ columns }) =>
          Object.entries(where).every(([name, value]) => value === undefined || columns[name] === value),
        )
        .sort((a, b) => (a.row < b.row ? -1 : 1))
        .slice(0, top),
  };
}

function textOf({ partition, row }: Key): string {
  return `${partition}\n${row}`;
}

function defined(columns: Columns): Columns {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}
