import { createHash, randomBytes } from 'node:crypto';
import type { RegistrationTokens } from '../ports';
import { instantColumn, optionalText, requireInstant } from './columns';
import type { Key, Table } from './table';

const PARTITION = 'token';

/** Partition `token`, row = SHA-256 of the token's text. Spending it is one write under its ETag. */
export class TableRegistrationTokens implements RegistrationTokens {
  constructor(private readonly table: Table) {}

  async issue(expiresMs: number): Promise<string> {
    const token = `atr_${randomBytes(24).toString('base64url')}`;
    await this.table.insert(keyOf(token), { expiresAt: instantColumn(expiresMs) });
    return token;
  }

  async spend(
    token: string,
    publicKey: string,
    machine: string,
    nowMs: number,
  ): Promise<{ machine: string } | 'invalid'> {
    for (;;) {
      const row = await this.table.get(keyOf(token));
      if (!row) return 'invalid';
      const spentFor = optionalText(row.columns, 'machine');
      if (spentFor !== undefined) {
        return optionalText(row.columns, 'publicKey') === publicKey ? { machine: spentFor } : 'invalid';
      }
      if (requireInstant(row.columns, 'expiresAt') <= nowMs) return 'invalid';
      const spent = { ...row.columns, publicKey, machine, spentAt: instantColumn(nowMs) };
      if ((await this.table.replace(row, spent, row.etag)) !== undefined) return { machine };
    }
  }
}

function keyOf(token: string): Key {
  return { partition: PARTITION, row: createHash('sha256').update(token).digest('hex') };
}
