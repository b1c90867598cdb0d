import { machineReport, type MachineReport } from '../../contracts/agent-protocol';
import { Cache } from '../cache';
import { attendedNotice } from '../../contracts/queues';
import type { MachineChange, MachineRow, Machines, Renewal } from '../ports';
import {
  instantColumn,
  optionalInstant,
  optionalNumber,
  optionalText,
  requireInstant,
  requireNumber,
  requireText,
  textColumns,
} from './columns';
import type { Columns, StoredRow, Table } from './table';

const PARTITION = 'machine';

/** How long another process may go on accepting a machine that was revoked (ms). */
const CACHED_FOR_MS = 5_000;

/** Partition `machine`, row = machine id. */
export class TableMachines implements Machines {
  private readonly recent: Cache<MachineRow>;

  constructor(private readonly options: { table: Table; now: () => number }) {
    this.recent = new Cache({ entries: 5_000, keepMs: CACHED_FOR_MS, now: options.now });
  }

  async put(machine: MachineRow): Promise<void> {
    await this.options.table.put(
      { partition: PARTITION, row: machine.id },
      { ...registrationColumns(machine), ...changedColumns(machine) },
    );
    this.recent.set(machine.id, machine);
  }

  async change(id: string, change: MachineChange): Promise<void> {
    await this.options.table.merge({ partition: PARTITION, row: id }, changedColumns(change));
    this.recent.delete(id);
  }

  async renew(id: string, renewal: Renewal): Promise<boolean> {
    const key = { partition: PARTITION, row: id };
    const stored = await this.options.table.get(key);
    if (!stored || requireNumber(stored.columns, 'epoch') !== renewal.epoch - 1) return false;
    const columns = {
      ...stored.columns,
      ...registrationColumns(renewal),
      installation: renewal.installation,
      ...reportColumns(renewal.report),
    };
    this.recent.delete(id);
    return (await this.options.table.replace(key, columns, stored.etag)) !== undefined;
  }

  async get(id: string): Promise<MachineRow | undefined> {
    const row = await this.options.table.get({ partition: PARTITION, row: id });
    const machine = row && fromRow(row);
    if (machine) this.recent.set(id, machine);
    return machine;
  }

  async getCached(id: string): Promise<MachineRow | undefined> {
    return this.recent.get(id) ?? this.get(id);
  }

  async list(): Promise<MachineRow[]> {
    return (await this.options.table.query({ partition: PARTITION })).map(fromRow);
  }
}

function registrationColumns(
  registration: Pick<MachineRow, 'epoch' | 'publicKey' | 'sealingKey' | 'registeredMs'>,
): Columns {
  return {
    epoch: registration.epoch,
    publicKey: registration.publicKey,
    sealingKey: registration.sealingKey,
    registeredAt: instantColumn(registration.registeredMs),
  };
}

function changedColumns(change: MachineChange): Columns {
  return {
    name: change.name,
    installation: change.installation,
    leasedAt: change.leasedMs === undefined ? undefined : instantColumn(change.leasedMs),
    revoked: change.revoked,
    queue: change.queue,
    move: change.move,
    movingTo: change.movingTo,
    maintenance: change.maintenance,
    attendedNotice: change.attendedNotice,
    queueTimeout: change.queueTimeout,
    ...(change.report ? reportColumns(change.report) : {}),
  };
}

function reportColumns(report: MachineReport): Columns {
  return textColumns('report', JSON.stringify(report));
}

function fromRow({ row, columns }: StoredRow): MachineRow {
  return {
    id: row,
    name: requireText(columns, 'name'),
    epoch: requireNumber(columns, 'epoch'),
    publicKey: requireText(columns, 'publicKey'),
    sealingKey: requireText(columns, 'sealingKey'),
    installation: requireText(columns, 'installation'),
    report: machineReport.parse(JSON.parse(requireText(columns, 'report'))),
    registeredMs: requireInstant(columns, 'registeredAt'),
    leasedMs: optionalInstant(columns, 'leasedAt'),
    revoked: columns['revoked'] === true,
    queue: optionalText(columns, 'queue'),
    move: optionalNumber(columns, 'move'),
    movingTo: optionalText(columns, 'movingTo'),
    maintenance: typeof columns['maintenance'] === 'boolean' ? columns['maintenance'] : undefined,
    attendedNotice: attendedNotice.optional().parse(optionalText(columns, 'attendedNotice')),
    queueTimeout: optionalText(columns, 'queueTimeout'),
  };
}
