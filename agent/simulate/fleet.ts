import type { Log } from '../log';
import { realPace, type Pace } from './pace';
import type { Scenario } from './scenario';
import { SimulatedAgent } from './simulated-agent';

export interface FleetOptions {
  scenario: Scenario;
  url: string;
  dataDir: string;
  /** A one-time token for each machine that is not registered yet. */
  token: () => Promise<string>;
  pace?: Pace;
  /** What happens to the machines, for people. */
  say: (machine: string, text: string) => void;
  log?: Log;
}

/** Many agents on simulated machines, in one process. */
export class Fleet {
  private constructor(
    private readonly options: FleetOptions & { pace: Pace },
    readonly machines: readonly SimulatedAgent[],
  ) {}

  /** Registers and starts all machines of the scenario. @throws AgentError as `register` and `startAgent`; none runs then. */
  static async start(given: FleetOptions): Promise<Fleet> {
    const { pace = realPace(), scenario, url, dataDir, token, say, log } = given;
    const started = await Promise.allSettled(
      scenario.machines.map((machine) =>
        SimulatedAgent.start({
          machine,
          behaviours: scenario.runs,
          url,
          dataDir,
          token,
          pace,
          say: (text) => say(machine.name, text),
          log,
        }),
      ),
    );
    const machines = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = started.find((each) => each.status === 'rejected');
    if (!failed) return new Fleet({ ...given, pace }, machines);
    await Promise.all(machines.map((machine) => machine.stop()));
    throw failed.reason;
  }

  /** Plays the timeline. @returns when its last event is over. @throws what an event could not do. */
  async play(): Promise<void> {
    const { scenario, pace } = this.options;
    await Promise.all(
      scenario.timeline.map(async (event) => {
        await pace.wait(event.at);
        await this.machines.find(({ name }) => name === event.machine)?.play(event);
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()));
  }
}
