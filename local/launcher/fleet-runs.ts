import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Priority } from '../../contracts/runs';
import type { FleetBatch } from './fleet-work';
import type { LocalApi } from './local-api';
import { zipFolder } from './zip-folder';

/** A run that the demo has requested. */
export interface FleetRun {
  /** Cloud-flow run. */
  run: string;
  /** Counts the requests. */
  number: number;
  machine: string;
  user: string;
  priority: Priority;
  /** How it ended, such as `Succeeded` or `Failed SessionNotFound`. */
  end?: string;
}

/** Publishes what the fleet needs and requests its runs. */
export class FleetRuns {
  readonly all: FleetRun[] = [];
  private readonly known = new Map<string, Promise<void>>();

  constructor(
    private readonly api: LocalApi,
    /** Ids of the machines by name. */
    private readonly machines: ReadonlyMap<string, string>,
  ) {}

  /** @param root the product's folder */
  async publish(root: string): Promise<void> {
    const folder = join(root, 'examples/fleet/desktop-flows');
    for (const name of readdirSync(folder)) {
      const zip = await zipFolder(join(folder, name));
      await this.api.putBytes(`/api/desktop-flows/${name}`, zip, 'application/zip');
    }
  }

  /** Requests the runs of one batch, one after the other: their order in the queue is theirs here. */
  async request(batch: FleetBatch, speed: number): Promise<void> {
    const flow = await this.flow(batch, speed);
    for (let i = 0; i < batch.count; i++) {
      const user = batch.users[i % batch.users.length] ?? '';
      const connection = await this.connection(batch.machine, user);
      const run = await this.api.runFlow(flow, { connection, desktopFlow: batch.desktopFlow });
      const { machine, priority } = batch;
      this.all.push({ run, number: this.all.length + 1, machine, user, priority });
    }
  }

  /** The demo's run to which a desktop-flow run belongs. */
  find(desktopRun: string): FleetRun | undefined {
    return this.all.find(({ run }) => desktopRun.startsWith(run));
  }

  private async connection(machine: string, user: string): Promise<string> {
    const name = `${machine}-${user}`;
    const target = { kind: 'machine', id: this.machines.get(machine) };
    await this.once(`connection ${name}`, () => this.api.put(`/api/connections/${name}`, { target, user }));
    return name;
  }

  /** Mode, priority and queue timeout belong to the cloud flow, so there is one for each combination. */
  private async flow({ mode, priority, queueTimeout }: FleetBatch, speed: number): Promise<string> {
    const timeout =
      queueTimeout === undefined ? undefined : `PT${(queueTimeout / speed / 1_000).toFixed(3)}S`;
    const name = `fleet-${mode}-${priority}${queueTimeout === undefined ? '' : `-${queueTimeout}`}`;
    const definition = {
      name,
      triggers: { button: { type: 'Request' } },
      actions: {
        work: {
          type: 'DesktopFlow',
          inputs: {
            desktopFlow: "@triggerBody()?['desktopFlow']",
            connection: "@triggerBody()?['connection']",
            mode,
            priority,
            ...(timeout === undefined ? {} : { queueTimeout: timeout }),
          },
        },
      },
    };
    await this.once(`flow ${name}`, () => this.api.put(`/api/flows/${name}`, definition));
    return name;
  }

  private once(what: string, make: () => Promise<void>): Promise<void> {
    const made = this.known.get(what) ?? make();
    this.known.set(what, made);
    return made;
  }
}
