import { migrate } from '../store/migrate';
import type { Store } from '../store/store';

/** All in ms since the epoch; 0 stands for never. */
export interface ScheduleStatus {
  last: number;
  next: number;
  lastUpdated: number;
}

const SCHEMA = [
  `CREATE TABLE host_timer_status (
    name TEXT PRIMARY KEY, last INTEGER NOT NULL, next INTEGER NOT NULL, updated INTEGER NOT NULL
  ) WITHOUT ROWID`,
];

/** Schedule status of the timers, kept in the store so that a restart finds what it missed. */
export class TimerStatuses {
  constructor(private readonly store: Store) {
    migrate(store, 'host', SCHEMA);
  }

  read(name: string): ScheduleStatus | undefined {
    const row = this.store
      .prepare('SELECT last, next, updated FROM host_timer_status WHERE name = ?')
      .get(name);
    if (!row) return undefined;
    return { last: Number(row['last']), next: Number(row['next']), lastUpdated: Number(row['updated']) };
  }

  write(name: string, status: ScheduleStatus): void {
    this.store.write(() =>
      this.store
        .prepare('INSERT OR REPLACE INTO host_timer_status (name, last, next, updated) VALUES (?, ?, ?, ?)')
        .run(name, status.last, status.next, status.lastUpdated),
    );
  }
}
