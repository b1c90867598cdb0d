import type { GrantRef } from '../../domain/run-queue/messages';
import type { Grants, GrantWord } from '../grant-ports';
import { requireText } from './columns';
import { desktopRunKey } from './run-keys';
import type { TableRows } from './table';

/** Partition = cloud-flow run, row = number of the desktop-flow run, machine and fence. */
export class TableGrants implements Grants {
  constructor(private readonly table: TableRows) {}

  async decide({ run, machine, fence }: GrantRef, wish: GrantWord): Promise<GrantWord> {
    const { partition, row } = desktopRunKey(run);
    const key = { partition, row: `${row} ${machine} ${fence.epoch}.${fence.n}` };
    if (await this.table.insert(key, { word: wish })) return wish;
    const standing = await this.table.get(key);
    if (!standing) throw new Error('the word about a grant was removed while it was being read');
    return requireText(standing.columns, 'word') === 'go' ? 'go' : 'back';
  }

  async forget(cloudRun: string): Promise<void> {
    const rows = await this.table.query({ partition: cloudRun });
    await Promise.all(rows.map((row) => this.table.remove(row)));
  }
}
