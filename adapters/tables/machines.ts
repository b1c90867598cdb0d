import { machineReport } from '../../contracts/agent-protocol';
import { Cache } from '../cache';
import type { MachineRow, Machines } from '../ports';
import {
  instantColumn,
  optionalInstant,
  requireInstant,
  requireNumber,
  requireText,
  textColumns,
} from './columns';
import type { StoredRow, Table } from './table';

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
      {
        name: machine.name,
        epoch: machine.epoch,
        publicKey: machine.publicKey,
        sealingKey: machine.sealingKey,
        installation: machine.installation,
        registeredAt: instantColumn(machine.registeredMs),
        leasedAt: machine.leasedMs === undefined ? undefined : instantColumn(machine.leasedMs),
        revoked: machine.revoked,
        ...textColumns('report', JSON.stringify(machine.report)),
      },
    );
    this.recent.set(machine.id, machine);
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
  };
}
