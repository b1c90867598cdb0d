import { join } from 'node:path';
import { Fleet } from '../../../agent/simulate/fleet';
import type { Pace } from '../../../agent/simulate/pace';
import { readScenario } from '../../../agent/simulate/scenario';
import type { SimulatedAgent } from '../../../agent/simulate/simulated-agent';
import type { QueueView } from '../../../contracts/api-machines';
import { Product } from './product';
import { until } from './until';

/** Simulated machines at a control plane in processes of its own. A run lasts until the test ends it. */
export class SimulatedFleet {
  private constructor(
    readonly product: Product,
    private readonly fleet: Fleet,
    /** What the agents say of their machines. */
    readonly said: readonly string[],
    private readonly held: (() => void)[],
  ) {}

  /** @param machines the scenario's list of machines, in YAML. */
  static async start(machines: string): Promise<SimulatedFleet> {
    const product = await Product.start({ args: ['--no-agent'] });
    const said: string[] = [];
    const held: (() => void)[] = [];
    const fleet = await Fleet.start({
      scenario: readScenario(`machines:\n${machines}\nruns: [{ flow: '*', takes: PT1H }]\n`),
      url: product.endpoint.url,
      dataDir: join(product.dataDir, 'fleet'),
      token: async () => String((await product.ok('POST', '/api/registration-tokens', {}))['token']),
      pace: paceOf(held),
      say: (machine, text) => void said.push(`${machine}: ${text}`),
    });
    await product.publish('task', 'setTimeout(() => undefined, 1);');
    return new SimulatedFleet(product, fleet, said, held);
  }

  machine(name: string): SimulatedAgent {
    const found = this.fleet.machines.find((machine) => machine.name === name);
    if (!found) throw new Error(`there is no machine ${name}`);
    return found;
  }

  /** A cloud flow of one action over a connection of its own. */
  async addFlow(
    name: string,
    connection: Record<string, unknown>,
    action: Record<string, unknown> = {},
  ): Promise<void> {
    await this.product.ok('PUT', `/api/connections/${name}`, connection);
    await this.product.ok('PUT', `/api/flows/${name}`, {
      name,
      triggers: { button: { type: 'Request' } },
      actions: {
        work: {
          type: 'DesktopFlow',
          inputs: { desktopFlow: 'task', connection: name, mode: 'unattended', inputs: {}, ...action },
        },
      },
    });
  }

  async queue(machine: string): Promise<QueueView> {
    return (await this.product.ok(
      'GET',
      `/api/machines/${this.machine(machine).id}/queue`,
    )) as unknown as QueueView;
  }

  /** Waits until the machine's queue is as wanted. */
  async until(machine: string, what: string, wanted: (queue: QueueView) => boolean): Promise<QueueView> {
    let last: QueueView | undefined;
    return until(
      what,
      async () => {
        last = await this.queue(machine);
        return wanted(last) ? last : undefined;
      },
      { withinMs: 20_000, evidence: () => `${JSON.stringify(last, undefined, 2)}\n${this.said.join('\n')}` },
    );
  }

  /** Ends the work of all runs that execute now. */
  finish(): void {
    for (const go of this.held.splice(0)) go();
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.product.stop();
  }
}

/** Sign-ins take no time; what takes an hour takes until somebody ends it. */
function paceOf(held: (() => void)[]): Pace {
  return {
    wait: (ms, signal) =>
      ms < 60_000
        ? Promise.resolve()
        : new Promise((resolve) => {
            held.push(resolve);
            signal?.addEventListener('abort', () => resolve(), { once: true });
          }),
  };
}
