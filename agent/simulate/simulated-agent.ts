import path from 'node:path';
import { readIdentity } from '../identity/identity';
import { register } from '../listener/register';
import { startAgent, type Agent } from '../listener/start-agent';
import type { OpenLink } from '../link/link';
import { openServiceBusLink } from '../link/service-bus-link';
import type { AgentStateName } from '../link/status';
import { silentLog, type Log } from '../log';
import { SimulatedMachine } from '../session/simulated/simulated-machine';
import { Network } from './network';
import type { Pace } from './pace';
import type { RunBehaviour, ScenarioEvent, ScenarioMachine } from './scenario';
import { simulatedRunner } from './simulated-runner';

export interface SimulatedAgentOptions {
  machine: ScenarioMachine;
  behaviours: readonly RunBehaviour[];
  url: string;
  /** Folder of the fleet; each machine has one of its own in it. */
  dataDir: string;
  /** A one-time token; asked for only where the machine is not registered yet. */
  token: () => Promise<string>;
  pace: Pace;
  /** What happens on the machine, for people. */
  say: (text: string) => void;
  log?: Log | undefined;
  /** Default: Service Bus. */
  openLink?: OpenLink;
}

/** Real time: simulated networks come back often. */
const RETRY = { firstMs: 100, maxMs: 500, slowMs: 5_000 };

/** A real agent on a simulated machine: everything but sessions, desktop flows and the network cable is the product's own. */
export class SimulatedAgent {
  readonly name: string;
  private agent: Agent | undefined;
  private waiting: { for: 'runBegins' | 'runRefused'; go: () => void }[] = [];
  private stopped = false;

  private constructor(
    private readonly options: SimulatedAgentOptions,
    private readonly computer: SimulatedMachine,
    private readonly network: Network,
    /** Id of the machine at the control plane. */
    readonly id: string,
  ) {
    this.name = options.machine.name;
  }

  /** Registers the machine, unless its folder has one, and starts its agent. @throws AgentError as `register` and `startAgent`. */
  static async start(options: SimulatedAgentOptions): Promise<SimulatedAgent> {
    const { machine, url, pace } = options;
    const { sessionCreation: sessionCreationMs, ...rest } = machine;
    const computer = new SimulatedMachine({ ...rest, sessionCreationMs, pace });
    const dataDir = path.join(options.dataDir, machine.name);
    const identity =
      (await readIdentity(dataDir)) ??
      (await register({ url, token: await options.token(), name: machine.name, dataDir, session: computer }));
    const network = new Network(options.openLink ?? openServiceBusLink, machine.network);
    const simulated = new SimulatedAgent(options, computer, network, identity.machine);
    await simulated.boot();
    return simulated;
  }

  get state(): AgentStateName {
    return this.agent?.status().state ?? 'stopped';
  }

  sessions(): ReturnType<SimulatedMachine['describe']> {
    return this.computer.describe();
  }

  /** Lets one event of the timeline happen. @returns when it is over. */
  async play(event: ScenarioEvent): Promise<void> {
    const { when } = event;
    if (when) await new Promise<void>((go) => this.waiting.push({ for: when, go }));
    if (this.stopped) return;
    switch (event.do) {
      case 'reboot':
        return this.reboot(event.takes);
      case 'networkDown':
        return this.lastingly(
          'network down',
          () => this.network.down(),
          event.for,
          () => this.play({ ...event, do: 'networkUp', when: undefined }),
        );
      case 'networkUp':
        this.options.say('network up');
        return this.network.up();
      case 'slowSessions':
        return this.lastingly(
          'sign-ins are slow',
          () => this.computer.slowDown(event.takes),
          event.for,
          () => {
            this.options.say('sign-ins are as before');
            this.computer.slowDown();
          },
        );
      case 'setPassword':
        this.options.say(`the password of ${event.user} is ${event.password} from now on`);
        return this.computer.setPassword(event.user, event.password);
      default:
        return this.byPerson(event);
    }
  }

  /** Ends the agent; its run, if it has one, ends too. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { go } of this.waiting.splice(0)) go();
    await this.agent?.stop({ graceMs: 0, flushMs: 500 });
    this.agent = undefined;
  }

  private byPerson(
    event: Extract<ScenarioEvent, { do: 'signIn' | 'lock' | 'unlock' | 'disconnect' | 'signOff' }>,
  ): void {
    const { user } = event;
    const words = {
      signIn: 'signs in',
      lock: 'locks the screen',
      unlock: 'unlocks the screen',
      disconnect: 'disconnects',
      signOff: 'signs off',
    } as const;
    try {
      this.computer[event.do](user);
      this.options.say(`${user} ${words[event.do]}`);
    } catch (error) {
      // People try what does not work, too; the script goes on.
      this.options.say(error instanceof Error ? error.message : String(error));
    }
  }

  private async lastingly(
    what: string,
    begin: () => void,
    forMs: number | undefined,
    end: () => void | Promise<void>,
  ): Promise<void> {
    this.options.say(what);
    begin();
    if (forMs === undefined) return;
    await this.options.pace.wait(forMs);
    await end();
  }

  private async reboot(takesMs: number): Promise<void> {
    this.options.say('restarts');
    const agent = this.agent;
    this.agent = undefined;
    this.network.powerOff();
    await agent?.stop({ graceMs: 0, flushMs: 0 });
    this.computer.reboot();
    await this.options.pace.wait(takesMs);
    if (this.stopped) return;
    this.network.powerOn();
    await this.boot();
    this.options.say('is back');
  }

  private happened(what: 'runBegins' | 'runRefused'): void {
    const due = this.waiting.filter((event) => event.for === what);
    this.waiting = this.waiting.filter((event) => event.for !== what);
    for (const { go } of due) go();
  }

  private async boot(): Promise<void> {
    const { machine, dataDir, url, behaviours, pace, log = silentLog } = this.options;
    this.agent = await startAgent({
      dataDir: path.join(dataDir, machine.name),
      url,
      log,
      session: this.computer,
      runner: simulatedRunner({
        machine: this.computer,
        behaviours,
        pace,
        onEvent: (what) => this.happened(what),
      }),
      fetch: this.network.fetch,
      openLink: this.network.open,
      retry: RETRY,
    });
  }
}
