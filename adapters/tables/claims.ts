import { createHash } from 'node:crypto';
import type { Claim, Claims } from '../flow-ports';
import { instantColumn, optionalText, requireInstant, requireText, textColumns } from './columns';
import type { Columns, Key, Table } from './table';

/** Partition = flow, row = SHA-256 of the key: nothing of the caller's text enters a key. */
export class TableClaims implements Claims {
  constructor(private readonly table: Table) {}

  async claim(flow: string, key: string, claim: Claim): Promise<{ claim: Claim; first: boolean }> {
    const at = keyOf(flow, key);
    if (await this.table.insert(at, toColumns(claim))) return { claim, first: true };
    const standing = await this.table.get(at);
    if (!standing) throw new Error('a claim was removed while it was being read');
    return { claim: toClaim(standing.columns), first: false };
  }

  async find(flow: string, key: string): Promise<Claim | undefined> {
    const standing = await this.table.get(keyOf(flow, key));
    return standing && toClaim(standing.columns);
  }

  async prune(
    flow: string,
    { beforeMs, top, after }: { beforeMs: number; top: number; after?: string | undefined },
  ): Promise<string | undefined> {
    const rows = await this.table.query({ partition: flow, after, top });
    const old = rows.filter(({ columns }) => requireInstant(columns, 'claimedAt') < beforeMs);
    await Promise.all(old.map((row) => this.table.remove(row)));
    return rows.length < top ? undefined : rows.at(-1)?.row;
  }

  async isEmpty(flow: string): Promise<boolean> {
    return (await this.table.query({ partition: flow, top: 1 })).length === 0;
  }
}

function keyOf(flow: string, key: string): Key {
  return { partition: flow, row: createHash('sha256').update(key).digest('hex') };
}

function toColumns(claim: Claim): Columns {
  return {
    run: claim.run,
    bodyHash: claim.bodyHash,
    claimedAt: instantColumn(claim.claimedMs),
    ...textColumns('start', JSON.stringify(claim.start) ?? 'null'),
  };
}

function toClaim(columns: Columns): Claim {
  return {
    run: requireText(columns, 'run'),
    bodyHash: requireText(columns, 'bodyHash'),
    claimedMs: requireInstant(columns, 'claimedAt'),
    start: JSON.parse(optionalText(columns, 'start') ?? 'null'),
  };
}
