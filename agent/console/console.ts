import { ulid } from 'ulid';
import type { ConsoleRunView } from '../../contracts/agent-api';
import {
  consoleRun,
  type ConsoleControl,
  type ConsoleFlow,
  type ConsoleRun,
  type ConsoleState,
  type NotificationMode,
} from '../../contracts/console';
import { errorCatalogue, type ErrorCode, type ErrorInfo } from '../../contracts/errors';
import { isEnded } from '../../contracts/runs';
import { userKey } from '../../contracts/user-name';
import { every, type Clock } from '../clock';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError, messageOf } from '../errors';
import { misfits } from '../flow/schema';
import type { AgentStateName } from '../link/status';
import type { Listener } from '../listener/listener';
import { consoleFlowOf, type FlowShelf, type ShelvedFlow } from './flow-shelf';
import type { Preferences } from './preferences';
import type { OfflineRuns } from '../offline/offline-runs';
import type { BoardRun, RunBoard } from './run-board';

/** How often the control plane is asked after runs that wait for their turn. */
const ASK_MS = 2_000;

export interface ConsoleParts {
  machine: string;
  board: RunBoard;
  flows: FlowShelf;
  preferences: Preferences;
  controlPlane: Pick<ControlPlane, 'startConsoleRun' | 'consoleRun' | 'stopConsoleRun' | 'time'>;
  listener: Pick<Listener, 'control' | 'startHere'>;
  offline: Pick<OfflineRuns, 'begin' | 'forget'>;
  connection(): AgentStateName;
  clock: Clock;
}

/** What a person at the machine can see and do (rows K1–K5); every method is for one user and shows nothing of another's. */
export class Console {
  private readonly stopAsking: () => void;
  private asking = false;
  /** Requests that are on their way: of these the control plane may not know yet. */
  private readonly starting = new Set<string>();

  constructor(private readonly parts: ConsoleParts) {
    this.stopAsking = every(parts.clock, ASK_MS, () => void this.askAfterWaiting());
  }

  close(): void {
    this.stopAsking();
  }

  state(user: string): ConsoleState {
    const { machine, board, preferences } = this.parts;
    return {
      machine,
      user,
      online: this.online,
      mode: preferences.of(user),
      runs: board.of(user).map(runOf),
    };
  }

  async flows(): Promise<ConsoleFlow[]> {
    return (await this.parts.flows.list(this.online)).map(consoleFlowOf);
  }

  setMode(user: string, mode: NotificationMode): Promise<void> {
    return this.parts.preferences.set(user, mode);
  }

  /**
   * Starts a desktop flow for the user: by the machine's queue, or here where the control plane cannot be asked (docs/adr/0005).
   * @returns the run's id.
   * @throws AgentError DesktopFlowNotFound, InvalidInput, UIFlowAlreadyRunning, MachineRevoked, HostUnreachable …
   */
  async start(user: string, name: string, inputs: Record<string, unknown>): Promise<string> {
    const { board, flows, controlPlane } = this.parts;
    this.refuseLasting();
    const { online } = this;
    const flow = (await flows.list(online)).find(({ manifest }) => manifest.name === name);
    if (!flow)
      throw new AgentError('DesktopFlowNotFound', `There is no desktop flow "${name}" on this machine.`);
    const problem = misfits(flow.manifest.inputs, inputs, 'inputs');
    if (problem) throw new AgentError('InvalidInput', problem, { remedy: 'Correct the inputs.' });
    // Its place in lists of runs, so by the control plane's clock.
    const request = ulid(Date.parse(controlPlane.time()));
    const run = `${request}-1`;
    // On the board first: it may execute before the answer is here.
    board.add({ run, flow: name, owner: user, here: !online });
    this.starting.add(run);
    try {
      if (online) await controlPlane.startConsoleRun({ request, desktopFlow: name, inputs, user });
      else await this.startHere(run, { user, flow, inputs });
    } catch (error) {
      const info = known(error);
      // What was asked for may run all the same: it stays, and is asked after.
      if (info.code !== 'ConnectionTimeout') board.refused(run, 'Failed', info);
      throw error;
    } finally {
      this.starting.delete(run);
    }
    return run;
  }

  /** @throws AgentError RunNotFound, RunNotExecuting, or what the control plane answered. */
  async control(user: string, id: string, what: ConsoleControl): Promise<void> {
    const { board, listener, controlPlane } = this.parts;
    const run = board.get(id);
    if (run?.owner !== user) throw new AgentError('RunNotFound', `There is no run "${id}".`);
    const done = await listener.control(id, { what: what === 'stop' ? 'ask' : what, by: user });
    if (done) return;
    if (what === 'stop' && run.state === 'Waiting' && !run.here) await controlPlane.stopConsoleRun(id, user);
    else throw new AgentError('RunNotExecuting', `The run is ${run.state}.`);
  }

  private get online(): boolean {
    return this.parts.connection() === 'connected';
  }

  /** Only a machine that is cut off decides for itself: one that was sent away does not. */
  private refuseLasting(): void {
    const state = this.parts.connection();
    if (state === 'revoked') throw new AgentError('MachineRevoked', 'This machine has been removed.');
    if (state === 'alreadyRunning' || state === 'unauthorized' || state === 'stopped') {
      throw new AgentError('UIFlowAgentNotAvailable', `The agent of this machine is ${state}.`);
    }
  }

  private async startHere(
    run: string,
    { user, flow, inputs }: { user: string; flow: ShelvedFlow; inputs: Record<string, unknown> },
  ): Promise<void> {
    const { name, version } = flow.manifest;
    const { listener, offline } = this.parts;
    await offline.begin({ run, user, desktopFlow: { name, version } });
    const refused = await listener.startHere({
      run,
      user,
      userKey: userKey(user),
      mode: 'attended',
      desktopFlow: { name, version, package: flow.package },
      inputs,
      origin: 'console',
    });
    if (!refused) return;
    await offline.forget(run);
    throw new AgentError(refused.code, refused.message);
  }

  /** A run that ends without having executed here (its time in the queue is over, its input was wrong) is heard of in no other way. */
  private async askAfterWaiting(): Promise<void> {
    if (this.asking || !this.online) return;
    this.asking = true;
    try {
      const waiting = this.parts.board.all().filter(({ state, here }) => state === 'Waiting' && !here);
      for (const { run } of waiting) if (!this.starting.has(run)) await this.askAfter(run);
    } finally {
      this.asking = false;
    }
  }

  private async askAfter(run: string): Promise<void> {
    const { board, controlPlane } = this.parts;
    let view: ConsoleRunView;
    try {
      view = await controlPlane.consoleRun(run);
    } catch (error) {
      const info = known(error);
      if (info.code === 'RunNotFound' || info.code === 'Forbidden') board.refused(run, 'Failed', info);
      return;
    }
    if (!isEnded(view.state)) return;
    const state = view.state === 'Succeeded' ? view.state : view.state === 'Cancelled' ? 'Stopped' : 'Failed';
    board.refused(run, state, view.error);
  }
}

/** Without its owner, who is asking. */
function runOf(run: BoardRun): ConsoleRun {
  return consoleRun.parse(run);
}

function known(error: unknown): ErrorInfo {
  const message = messageOf(error);
  if (!(error instanceof AgentError)) return { code: 'Internal', message };
  if (error.code === 'HostUnreachable') return { code: 'ConnectionTimeout', message };
  return { code: error.code in errorCatalogue ? (error.code as ErrorCode) : 'Internal', message };
}
