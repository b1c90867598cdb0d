import { createHash, randomBytes } from 'node:crypto';
import type { Registration, RegistrationTokens } from '../ports';
import { instantColumn, optionalText, requireInstant, requireNumber } from './columns';
import type { Columns, Key, Table } from './table';

const PARTITION = 'token';

/** Partition `token`, row = SHA-256 of the token's text. Spending it is one write under its ETag. */
export class TableRegistrationTokens implements RegistrationTokens {
  constructor(private readonly table: Table) {}

  async issue(expiresMs: number, renews?: Registration): Promise<string> {
    const token = `atr_${randomBytes(24).toString('base64url')}`;
    await this.table.insert(keyOf(token), {
      expiresAt: instantColumn(expiresMs),
      renews: renews?.machine,
      epoch: renews?.epoch,
    });
    return token;
  }

  async spend(
    token: string,
    publicKey: string,
    newMachine: string,
    nowMs: number,
  ): Promise<{ machine: string; renews?: Registration } | 'invalid'> {
    for (;;) {
      const row = await this.table.get(keyOf(token));
      if (!row) return 'invalid';
      const renews = registrationOf(row.columns);
      const spentFor = optionalText(row.columns, 'machine');
      const machine = spentFor ?? renews?.machine ?? newMachine;
      const answer = { machine, ...(renews ? { renews } : {}) };
      if (spentFor !== undefined) {
        return optionalText(row.columns, 'publicKey') === publicKey ? answer : 'invalid';
      }
      if (requireInstant(row.columns, 'expiresAt') <= nowMs) return 'invalid';
      const spent = { ...row.columns, publicKey, machine, spentAt: instantColumn(nowMs) };
      if ((await this.table.replace(row, spent, row.etag)) !== undefined) return answer;
    }
  }
}

function registrationOf(columns: Columns): Registration | undefined {
  const machine = optionalText(columns, 'renews');
  return machine === undefined ? undefined : { machine, epoch: requireNumber(columns, 'epoch') };
}

function keyOf(token: string): Key {
  return { partition: PARTITION, row: createHash('sha256').update(token).digest('hex') };
}
