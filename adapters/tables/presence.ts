import { Cache } from '../cache';
import type { Presence, PresenceRow } from '../ports';
import { instantColumn, requireInstant, requireText } from './columns';
import type { Columns, Key, StoredRow, Table } from './table';

const PARTITION = 'presence';

interface Known {
  row: PresenceRow;
  etag: string;
}

/**
 * Partition `presence`, row = machine id. Each write names the ETag that it follows, so a late heartbeat never hides a
 * newer one; the last ETag is remembered, which makes a heartbeat one call.
 */
export class TablePresence implements Presence {
  private readonly known = new Cache<Known>({ entries: 5_000 });

  constructor(private readonly table: Table) {}

  async seen(row: PresenceRow): Promise<boolean> {
    return this.write(row.machine, (current) => (current && current.seq >= row.seq ? undefined : row));
  }

  async markOffline(machine: string, seq: number): Promise<boolean> {
    return this.write(machine, (current) =>
      current && current.seq <= seq ? { ...current, online: false } : undefined,
    );
  }

  async get(machine: string): Promise<PresenceRow | undefined> {
    return (await this.read(machine))?.row;
  }

  async list(): Promise<PresenceRow[]> {
    return (await this.table.query({ partition: PARTITION })).map((row) => fromRow(row).row);
  }

  /** Writes what `change` makes of the current row, reading again for as long as somebody else writes in between. */
  private async write(
    machine: string,
    change: (current: PresenceRow | undefined) => PresenceRow | undefined,
  ): Promise<boolean> {
    let current = this.known.get(machine) ?? (await this.read(machine));
    for (;;) {
      const next = change(current?.row);
      if (!next) return false;
      if (await this.replace(next, current?.etag)) return true;
      current = await this.read(machine);
    }
  }

  private async replace(next: PresenceRow, etag: string | undefined): Promise<boolean> {
    const key = keyOf(next.machine);
    if (etag === undefined) return this.table.insert(key, toColumns(next));
    const written = await this.table.replace(key, toColumns(next), etag);
    if (written !== undefined) this.known.set(next.machine, { row: next, etag: written });
    return written !== undefined;
  }

  private async read(machine: string): Promise<Known | undefined> {
    const row = await this.table.get(keyOf(machine));
    const known = row && fromRow(row);
    if (known) this.known.set(machine, known);
    return known;
  }
}

function keyOf(machine: string): Key {
  return { partition: PARTITION, row: machine };
}

function toColumns(row: PresenceRow): Columns {
  return {
    // Beyond what a number column holds.
    seq: String(row.seq),
    lastSeenAt: instantColumn(row.lastSeenMs),
    online: row.online,
    installation: row.installation,
  };
}

function fromRow({ row, etag, columns }: StoredRow): Known {
  return {
    etag,
    row: {
      machine: row,
      seq: Number(requireText(columns, 'seq')),
      lastSeenMs: requireInstant(columns, 'lastSeenAt'),
      online: columns['online'] === true,
      installation: requireText(columns, 'installation'),
    },
  };
}
