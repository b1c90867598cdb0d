import type { MachineQueues } from '../ports';
import { requireText } from '../tables/columns';
import type { Table } from '../tables/table';

const PARTITION = 'static-queue';

/**
 * For brokers that cannot make queues while they run (the Service Bus emulator): machines are assigned the queues of a fixed list.
 * Development only: every agent gets the namespace's own connection string. Partition `static-queue`, row = queue.
 */
export class StaticMachineQueues implements MachineQueues {
  private readonly assigned = new Map<string, string>();

  constructor(private readonly options: { queues: string[]; connectionString: string; table: Table }) {}

  async ensure(machine: string): Promise<void> {
    await this.queueName(machine);
  }

  async remove(machine: string): Promise<void> {
    this.assigned.delete(machine);
    const rows = await this.options.table.query({ partition: PARTITION, where: { machine } });
    await Promise.all(rows.map((row) => this.options.table.remove(row)));
  }

  /** @throws Error when every queue of the list belongs to another machine. */
  async queueName(machine: string): Promise<string> {
    const known = this.assigned.get(machine) ?? (await this.assign(machine));
    this.assigned.set(machine, known);
    return known;
  }

  async access(): Promise<{ commands: string; events: string }> {
    const { connectionString } = this.options;
    return { commands: connectionString, events: connectionString };
  }

  private async assign(machine: string): Promise<string> {
    const rows = await this.options.table.query({ partition: PARTITION });
    const owners = new Map(rows.map((row) => [row.row, requireText(row.columns, 'machine')]));
    const before = [...owners].find(([, owner]) => owner === machine);
    if (before) return before[0];
    for (const queue of this.options.queues.filter((name) => !owners.has(name))) {
      if (await this.options.table.insert({ partition: PARTITION, row: queue }, { machine })) return queue;
    }
    throw new Error(`all queues of ATTENDANT_STATIC_QUEUES are assigned: add one for ${machine}`);
  }
}
