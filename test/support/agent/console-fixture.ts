import os from 'node:os';
import path from 'node:path';
import { ConsoleClient } from '../../../agent/cli/console-client';
import { consoleFolder } from '../../../agent/console/folders';
import type { Notice, Notifier } from '../../../agent/console/notifier';
import type { ConsoleOptions } from '../../../agent/console/start-console';
import { ownUser } from '../../../agent/console/users';
import type { Agent, AgentOptions } from '../../../agent/listener/start-agent';
import {
  consoleStarted,
  consoleState,
  type ConsoleControl,
  type ConsoleRun,
  type ConsoleState,
} from '../../../contracts/console';
import { AgentFixture, go, nodeFlow, offer } from './agent-fixture';
import { zipOf } from './zip';

export const me = os.userInfo().username;

/** A flow that says where it is and goes on until it is stopped. */
export const endless = `
  const attendant = require('attendant');
  attendant.progress({ subflow: 'Main', action: 'Read the invoices', percent: 40 });
  setInterval(() => attendant.checkpoint(), 10);
`;

/** An agent with a console; what it would show on the desktop is kept. */
export class ConsoleFixture extends AgentFixture {
  readonly shown: { run: string; notice: Notice; press: (control: ConsoleControl) => void }[] = [];
  readonly opened: string[] = [];
  private client: ConsoleClient | undefined;
  private readonly notifier: Notifier = {
    show: ({ run }, notice, press) => void this.shown.push({ run, notice, press }),
  };

  async startWithConsole(
    console: Partial<ConsoleOptions> = {},
    options: Partial<AgentOptions> = {},
  ): Promise<Agent> {
    this.client = undefined;
    return this.start({
      ...options,
      console: {
        port: 0,
        folder: consoleFolder(this.dataDir, 'own'),
        users: ownUser(),
        notifier: this.notifier,
        openPage: (_user, address) => void this.opened.push(address),
        ...console,
      },
    });
  }

  /** Publishes a flow at the control plane. */
  async publish(name: string, script: string, manifest: object = {}): Promise<string> {
    const files = nodeFlow(script);
    const full = { name, version: '1.0.0', runner: 'node' as const, entry: 'main.js', ...manifest };
    const zip = await zipOf({ ...files, 'desktop-flow.yaml': JSON.stringify(full) });
    const hash = this.controlPlane.addPackage(zip);
    this.controlPlane.desktopFlows.push({ ...full, package: hash, updatedAt: '2026-01-01T00:00:00.000Z' });
    return hash;
  }

  async console(): Promise<ConsoleClient> {
    return (this.client ??= await ConsoleClient.open(this.dataDir));
  }

  async state(): Promise<ConsoleState> {
    return (await this.console()).json(consoleState, { method: 'GET', path: 'state' });
  }

  async startFlow(flow: string, inputs: Record<string, unknown> = {}): Promise<string> {
    const request = { method: 'POST', path: 'runs', body: { flow, inputs } };
    return (await (await this.console()).json(consoleStarted, request)).run;
  }

  async control(run: string, what: ConsoleControl): Promise<void> {
    await (await this.console()).send({ method: 'POST', path: `runs/${run}`, body: { what } });
  }

  /** Waits until the console shows the run so. */
  async shows(run: string, wanted: (run: ConsoleRun) => boolean): Promise<ConsoleRun> {
    for (const end = performance.now() + 20_000; performance.now() < end;) {
      const found = (await this.state()).runs.find((known) => known.run === run);
      if (found && wanted(found)) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`The console does not show ${run} so: ${JSON.stringify((await this.state()).runs)}`);
  }

  /** The control plane grants a run that was started here, as the queue would. */
  async grant(run: string): Promise<void> {
    const asked = this.controlPlane.consoleRuns.get(run)?.asked;
    const flow = this.controlPlane.desktopFlows.find(({ name }) => name === asked?.desktopFlow);
    if (!asked || !flow) throw new Error(`Nobody has asked for ${run}.`);
    await this.go(run, flow.package, { origin: 'console' }, { name: flow.name, inputs: asked.inputs });
  }

  /** Offers a run and says go. */
  async go(
    run: string,
    hash: string,
    more: { origin?: 'console'; notice?: 'banner' },
    {
      name = 'test',
      inputs = {},
      ...as
    }: { name?: string; inputs?: Record<string, unknown>; user?: string } = {},
  ): Promise<void> {
    const { machine } = this.controlPlane;
    const fence = this.fence();
    await this.broker.command(offer(run, fence, machine, me));
    await this.broker.event(run, 'accepted');
    const command = go(run, fence, machine, hash, inputs, me);
    const desktopFlow = { ...command.desktopFlow, name };
    await this.broker.command({ ...command, ...more, ...as, desktopFlow });
  }

  /** Cuts the machine off from the control plane. */
  async cutOff(): Promise<void> {
    await this.controlPlane.stop();
    this.broker.down = true;
    this.broker.break();
    await this.until(() => this.agent?.status().state === 'unreachable');
  }

  /** The control plane is there again, and with it the broker. */
  async comeBack(): Promise<void> {
    this.broker.down = false;
    await this.controlPlane.start();
    await this.until(() => this.agent?.status().state === 'connected');
  }

  /** The stored token of this user. */
  get tokenFile(): string {
    const { uid, username } = os.userInfo();
    return path.join(consoleFolder(this.dataDir, 'own'), `${uid >= 0 ? uid : username}.token`);
  }
}
