import type { Clock } from '../clock';
import { migrate } from '../store/migrate';
import type { Store } from '../store/store';
import { Activities } from './activities';
import { Commands } from './commands';
import type { DurableEngine, FunctionInvoker } from './engine-api';
import { EntityStates, entityWork, hasRunnableMail } from './entity-work';
import { FunctionNames } from './function-names';
import { Hub, type Log } from './hub';
import { ENTITY } from './instances';
import { orchestrationWork } from './orchestration-work';
import { Executions } from './orchestrations';
import { Queries } from './queries';
import { SCHEMA } from './schema';
import { DEFAULT_SETTINGS, type EngineSettings } from './settings';
import { Timers } from './timers';
import { WorkQueue } from './work-queue';

export type { Log } from './hub';
export { EngineError, type EngineErrorCode } from './engine-error';

export interface EngineOptions extends Partial<EngineSettings> {
  store: Store;
  clock: Clock;
  log?: Log;
}

/**
 * A Durable Task engine that speaks the out-of-process protocol of the Durable extension 3.14 for JavaScript.
 * @throws StoreError `StoreNewer` when the store was written by a newer version.
 */
export function createEngine(options: EngineOptions): DurableEngine {
  const { store, clock, log = () => undefined, ...settings } = options;
  migrate(store, 'durable', SCHEMA);
  const engine = new Engine(store, clock, log, { ...DEFAULT_SETTINGS, ...settings });
  return new Proxied(engine);
}

/** Owns the parts and their order; the rules are in the parts. */
class Engine {
  readonly hub: Hub;
  readonly commands: Commands;
  readonly queries: Queries;
  private readonly executions: Executions;
  private readonly states: EntityStates;
  private readonly work: WorkQueue;
  private readonly activities: Activities;
  private readonly timers: Timers;
  private scope: { invoker: FunctionInvoker; names: FunctionNames } | undefined;
  /** Counts how often memory was thrown away; work that began before is void. */
  private round = 0;
  /** Instances that went away while they were worked on. */
  private readonly forgotten = new Set<number>();
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;
  private idleWaiters: (() => void)[] = [];

  constructor(store: Store, clock: Clock, log: Log, settings: EngineSettings) {
    this.hub = new Hub(store, clock, settings, log, {
      instance: (seq) => this.work.add(seq),
      activity: (task) => this.activities.add(task),
      timer: (dueMs) => this.timers.add(dueMs),
      forget: (seq) => this.forget(seq),
    });
    this.executions = new Executions(this.hub);
    this.states = new EntityStates(this.hub);
    const quiet = (): void => this.checkIdle();
    const failed = (cause: unknown): void => this.storeFailed(cause);
    this.work = new WorkQueue(settings.maxConcurrentWorkItems, (seq) => this.workOn(seq), quiet);
    this.activities = new Activities(this.hub, quiet, failed);
    this.timers = new Timers(this.hub, quiet, failed);
    this.commands = new Commands(this.hub);
    this.queries = new Queries(this.hub);
    this.load();
    store.onRollback((cause) => this.storeFailed(cause));
  }

  run(invoker: FunctionInvoker): void {
    this.scope = { invoker, names: new FunctionNames(invoker) };
    this.resume();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.work.pause();
    this.activities.pause();
    this.timers.stop();
    while (!this.work.isResting || !this.activities.isResting) {
      await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    }
    await this.hub.store.durable();
  }

  async idle(): Promise<void> {
    while (!this.isIdle()) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  private isIdle(): boolean {
    if (this.stopped) return true;
    return this.work.isQuiet && this.activities.isQuiet && this.timers.isQuiet && this.retry === undefined;
  }

  private checkIdle(): void {
    const resting = this.stopped && this.work.isResting && this.activities.isResting;
    if (!resting && !this.isIdle()) return;
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const waiter of waiters) waiter();
  }

  private load(): void {
    for (const seq of this.hub.mail.load()) this.work.add(seq);
    this.activities.load();
  }

  private resume(): void {
    if (this.stopped || !this.scope) return;
    this.work.start();
    this.activities.start(this.scope);
    this.timers.start();
  }

  private forget(seq: number): void {
    this.executions.forget(seq);
    this.states.forget(seq);
    if (this.work.isRunning(seq)) this.forgotten.add(seq);
  }

  private async workOn(seq: number): Promise<void> {
    const row = this.hub.instances.get(seq);
    if (!row || !this.scope) return;
    const round = this.round;
    const isCurrent = (): boolean => round === this.round && !this.forgotten.has(seq);
    try {
      if (row.kind === ENTITY) {
        await entityWork({ hub: this.hub, ...this.scope, states: this.states }, row, isCurrent);
        const after = this.hub.instances.get(seq);
        if (after && hasRunnableMail(this.hub, after)) this.work.add(seq);
      } else {
        await orchestrationWork({ hub: this.hub, ...this.scope }, this.executions, row, isCurrent);
      }
    } catch (cause) {
      this.storeFailed(cause);
    } finally {
      this.forgotten.delete(seq);
    }
  }

  /**
   * Whatever went wrong with a write: the store's contents are what counts. Drops all that memory knew, waits, reads
   * again and goes on. Nothing answered for is lost: answers wait for the disk.
   */
  private storeFailed(cause: unknown): void {
    const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.hub.log('error', `Work is paused and will be tried again: ${message}`);
    this.round += 1;
    this.hub.instances.forgetAll();
    this.work.pause();
    this.activities.pause();
    this.timers.stop();
    if (this.stopped || this.retry !== undefined) return;
    this.retry = setTimeout(() => this.recover(), this.hub.settings.retryAfterStoreErrorMs);
  }

  private recover(): void {
    this.retry = undefined;
    try {
      this.hub.instances.forgetAll();
      this.executions.clear();
      this.states.clear();
      this.work.clear();
      this.load();
      this.resume();
    } catch (cause) {
      this.storeFailed(cause);
    }
    this.checkIdle();
  }
}

/** Lets an answer out only when the disk holds what it says. */
class Proxied implements DurableEngine {
  constructor(
    private readonly engine: Engine,
    private readonly commandsWait = true,
  ) {}

  get inside(): DurableEngine {
    return new Proxied(this.engine, false);
  }

  run(invoker: FunctionInvoker): void {
    this.engine.run(invoker);
  }

  stop(): Promise<void> {
    return this.engine.stop();
  }

  idle(): Promise<void> {
    return this.engine.idle();
  }

  start: DurableEngine['start'] = (request) => this.command(() => this.engine.commands.start(request));

  raiseEvent: DurableEngine['raiseEvent'] = (instanceId, name, input) =>
    this.command(() => this.engine.commands.raiseEvent(instanceId, name, input));

  terminate: DurableEngine['terminate'] = (instanceId, reason) =>
    this.command(() => this.engine.commands.terminate(instanceId, reason));

  suspend: DurableEngine['suspend'] = (instanceId, reason) =>
    this.command(() => this.engine.commands.suspend(instanceId, reason));

  resume: DurableEngine['resume'] = (instanceId, reason) =>
    this.command(() => this.engine.commands.resume(instanceId, reason));

  rewind: DurableEngine['rewind'] = (instanceId, reason) =>
    this.command(() => this.engine.commands.rewind(instanceId, reason));

  restart: DurableEngine['restart'] = (instanceId, withNewId) =>
    this.command(() => this.engine.commands.restart(instanceId, withNewId));

  purge: DurableEngine['purge'] = (instanceId) => this.command(() => this.engine.commands.purge(instanceId));

  purgeWhere: DurableEngine['purgeWhere'] = (query) =>
    this.command(() => this.engine.commands.purgeWhere(query, this.engine.queries));

  signalEntity: DurableEngine['signalEntity'] = (name, key, operation, input, scheduledMs) =>
    this.command(() => this.engine.commands.signalEntity(name, key, operation, input, scheduledMs));

  get: DurableEngine['get'] = (instanceId, options) =>
    this.answer(() => this.engine.queries.get(instanceId, options ?? {}));

  query: DurableEngine['query'] = (query) => this.answer(() => this.engine.queries.query(query));

  readEntity: DurableEngine['readEntity'] = (name, key) =>
    this.answer(() => this.engine.queries.readEntity(name, key));

  queryEntities: DurableEngine['queryEntities'] = (query) =>
    this.answer(() => this.engine.queries.queryEntities(query));

  private async command<T>(work: () => T): Promise<T> {
    return this.answer(work, this.commandsWait);
  }

  private async answer<T>(work: () => T, waits = true): Promise<T> {
    const { store } = this.engine.hub;
    let result: T;
    try {
      result = work();
    } catch (cause) {
      throw store.explain(cause);
    }
    if (waits) await store.durable();
    return result;
  }
}
