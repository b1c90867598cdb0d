import type { Store } from './store';
import { StoreError } from './store-error';

/**
 * Brings one component's tables to its newest version: runs the steps the store has not seen yet, in order, all or
 * nothing. A released step is never changed; a change is a new step at the end.
 * @param steps SQL scripts; step n takes version n to n + 1.
 * @throws StoreError `StoreNewer` when the store was written by a version with more steps.
 */
export function migrate(store: Store, component: string, steps: readonly string[]): void {
  store.write(() => {
    store.db.exec(
      'CREATE TABLE IF NOT EXISTS store_version (component TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID',
    );
    const row = store.prepare('SELECT version FROM store_version WHERE component = ?').get(component);
    const found = Number(row?.['version'] ?? 0);
    if (found > steps.length) {
      throw new StoreError(
        'StoreNewer',
        `The tables "${component}" have version ${found}, this program knows ${steps.length}: upgrade it.`,
      );
    }
    for (const step of steps.slice(found)) store.db.exec(step);
    store
      .prepare(
        'INSERT INTO store_version VALUES (?1, ?2) ON CONFLICT (component) DO UPDATE SET version = excluded.version',
      )
      .run(component, steps.length);
  });
}
