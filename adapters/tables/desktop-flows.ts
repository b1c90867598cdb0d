import { createHash } from 'node:crypto';
import { desktopFlowManifest, type DesktopFlowManifest } from '../../contracts/desktop-flow';
import { packageKey } from '../blobs/blob-keys';
import { Cache } from '../cache';
import type { Blobs, DesktopFlows, StoredDesktopFlow } from '../ports';
import { instantColumn, requireInstant, requireText, textColumns } from './columns';
import type { StoredRow, Table } from './table';

const PARTITION = 'desktop-flow';

/** How long another process may go on using the package that was current before (ms). */
const CURRENT_FOR_MS = 1_000;

/** Partition `desktop-flow`, row = name: manifest and the package's hash. The zips are blobs under their hash. */
export class TableDesktopFlows implements DesktopFlows {
  private readonly current: Cache<StoredDesktopFlow>;

  constructor(private readonly options: { table: Table; blobs: Blobs; now: () => number }) {
    this.current = new Cache({ entries: 500, keepMs: CURRENT_FOR_MS, now: options.now });
  }

  async put(manifest: DesktopFlowManifest, zip: Uint8Array): Promise<StoredDesktopFlow> {
    const { blobs, table, now } = this.options;
    const hash = createHash('sha256').update(zip).digest('hex');
    await blobs.put(packageKey(hash), zip);
    const stored = { name: manifest.name, package: hash, manifest, updatedMs: now() };
    await table.put(
      { partition: PARTITION, row: stored.name },
      {
        package: hash,
        updatedAt: instantColumn(stored.updatedMs),
        ...textColumns('manifest', JSON.stringify(manifest)),
      },
    );
    this.current.set(stored.name, stored);
    return stored;
  }

  async get(name: string): Promise<StoredDesktopFlow | undefined> {
    const known = this.current.get(name);
    if (known) return known;
    const row = await this.options.table.get({ partition: PARTITION, row: name });
    if (!row) return undefined;
    const stored = fromRow(row);
    this.current.set(name, stored);
    return stored;
  }

  async list(): Promise<StoredDesktopFlow[]> {
    return (await this.options.table.query({ partition: PARTITION })).map(fromRow);
  }
}

function fromRow(row: StoredRow): StoredDesktopFlow {
  return {
    name: row.row,
    package: requireText(row.columns, 'package'),
    manifest: desktopFlowManifest.parse(JSON.parse(requireText(row.columns, 'manifest'))),
    updatedMs: requireInstant(row.columns, 'updatedAt'),
  };
}
