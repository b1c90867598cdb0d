import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InvocationContext } from '@azure/functions';
import { VirtualClock } from '../../local/clock';
import { createEngine } from '../../local/durable/engine';
import type {
  DurableEngine,
  FunctionInvoker,
  InstanceState,
  InvocationResult,
} from '../../local/durable/engine-api';
import { openStore, type Store } from '../../local/store/store';
import type { Instances } from '../../adapters/instances';
import { decodeQueue } from '../../domain/run-queue/codec';
import type { QueueState } from '../../domain/run-queue/state';
import type { StoredEntity } from '../../entities/run-queue.entity';
import { createInMemoryPorts, type InMemoryPorts } from './in-memory-ports';

/** As the app is deployed. */
const { defaultVersion } = (
  JSON.parse(readFileSync(join(__dirname, '..', '..', 'host.json'), 'utf8')) as {
    extensions: { durableTask: { defaultVersion: string } };
  }
).extensions.durableTask;

type Handler = (input: unknown, context: unknown) => unknown;
type Kind = 'orchestration' | 'activity' | 'entity';

const TRIGGERS: Record<string, Kind | 'other'> = {
  orchestrationTrigger: 'orchestration',
  activityTrigger: 'activity',
  entityTrigger: 'entity',
};

/** Collects what the app registers: stands in for the module `@azure/functions-core` that a Functions host supplies. */
export class RegisteredFunctions {
  readonly handlers = new Map<string, Handler>();
  readonly names: Record<Kind, string[]> = { orchestration: [], activity: [], entity: [] };

  readonly core = {
    version: '0',
    hostVersion: '4.0.0',
    setProgrammingModel: (): void => undefined,
    registerFunction: (
      metadata: { name: string; bindings: Record<string, { type: string }> },
      handler: Handler,
    ): { dispose(): void } => {
      const kind = Object.values(metadata.bindings)
        .map(({ type }) => TRIGGERS[type])
        .find((found) => found !== undefined);
      if (kind && kind !== 'other') this.names[kind].push(metadata.name);
      this.handlers.set(metadata.name, handler);
      return { dispose: () => undefined };
    },
    registerHook: (): { dispose(): void } => ({ dispose: () => undefined }),
    log: (): void => undefined,
    Disposable: class {},
  };

  handler(name: string): Handler {
    const found = this.handlers.get(name);
    if (!found)
      throw new Error(`the app has registered no function ${name}: ${[...this.handlers.keys()].join()}`);
    return found;
  }
}

/**
 * The app itself (every function that app.ts registers) on the unmodified SDK, the local Durable engine and a virtual clock, over
 * ports in memory. `startApp` (start-app.ts) has app.ts find it.
 */
export class AppRig {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 5, 8));
  readonly ports: InMemoryPorts;
  readonly engine: DurableEngine;
  readonly warnings: string[] = [];
  /** The last episode of each orchestration: what the SDK was given, what it answered. */
  readonly episodes = new Map<string, { name: string; payload: string; answer: unknown }>();
  /** Told after each episode of an orchestration. */
  onEpisode: ((instance: string) => void) | undefined;
  /** Of a rig that may forget: whether the episode of this orchestration is forgotten, as by a host that is killed (local/durable/forgetful.ts). */
  forgets: ((instance: string) => number | undefined) | undefined;
  private readonly store: Store;

  constructor(
    private readonly functions: RegisteredFunctions,
    settings: Record<string, string> = {},
    mayForget = false,
  ) {
    this.ports = createInMemoryPorts({ now: () => this.clock.now(), settings });
    this.store = openStore(':memory:');
    this.engine = createEngine({
      store: this.store,
      clock: this.clock,
      defaultVersion,
      ...(mayForget ? { forgets: (id: string) => this.forgets?.(id) } : {}),
    });
  }

  /** Begins working; call after app.ts has been loaded. */
  run(): void {
    this.engine.run(this.invoker());
  }

  async close(): Promise<void> {
    await this.engine.stop();
    await this.store.close();
  }

  /** Works off all that can be done now. */
  idle(): Promise<void> {
    return this.engine.idle();
  }

  /** Moves the clock; every timer on the way fires at its instant, the app's two timer functions with them. */
  async advance(ms: number): Promise<void> {
    await this.clock.advanceTo(this.clock.now() + ms, () => this.engine.idle());
  }

  /** As `advance`, with the two timer functions every 30 s and every minute. */
  async live(ms: number, heartbeat?: () => Promise<void>): Promise<void> {
    const endMs = this.clock.now() + ms;
    for (let tick = 1; this.clock.now() < endMs; tick++) {
      await this.advance(Math.min(30_000, endMs - this.clock.now()));
      if (heartbeat) await heartbeat();
      await this.tick('watch-machines');
      await this.tick('watch-gateways');
      if (tick % 2 === 0) await this.tick('watch-queues');
    }
  }

  /** Fires a timer function once. */
  async tick(
    timer:
      | 'watch-machines'
      | 'watch-queues'
      | 'watch-gateways'
      | 'start-due-runs'
      | 'keep-house'
      | 'purge-history',
  ): Promise<void> {
    await this.invoke(timer, {});
  }

  /** Runs any function as its trigger would, then works off what it caused. */
  async invoke(name: string, input: unknown): Promise<unknown> {
    const result = await this.functions.handler(name)(input, this.context(name));
    await this.idle();
    return result;
  }

  async start(orchestration: string, input: unknown, instanceId: string): Promise<void> {
    await this.engine.start({ name: orchestration, instanceId, input: JSON.stringify(input) });
    await this.idle();
  }

  async instance<Output, Status = unknown>(
    instanceId: string,
  ): Promise<{ status: InstanceState['runtimeStatus']; output: Output; customStatus: Status }> {
    const found = await this.engine.get(instanceId);
    if (!found) throw new Error(`there is no instance ${instanceId}`);
    const parse = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
    return {
      status: found.runtimeStatus,
      output: parse(found.output) as Output,
      customStatus: parse(found.customStatus) as Status,
    };
  }

  async history(instanceId: string): Promise<Record<string, unknown>[]> {
    const found = await this.engine.get(instanceId, { history: true, historyOutput: true });
    return found?.history ?? [];
  }

  async queue(queue: string): Promise<QueueState> {
    const entity = await this.engine.readEntity('run-queue', queue);
    if (entity?.state === undefined) throw new Error(`there is no queue ${queue}`);
    return decodeQueue((JSON.parse(entity.state) as StoredEntity).queue);
  }

  /** What functions and activities see in place of the durable client. */
  readonly instances: Instances = {
    raise: async (instance, event, message) => {
      const answer = await this.engine.raiseEvent(instance, event, JSON.stringify(message));
      return answer === 'notFound' ? 'unknown' : 'told';
    },
    stateOf: async (instance) => {
      const found = await this.engine.get(instance);
      if (!found) return 'none';
      return ['Pending', 'Running', 'Suspended', 'ContinuedAsNew'].includes(found.runtimeStatus)
        ? 'open'
        : 'ended';
    },
    start: async (name, input, instanceId) => {
      const started = await this.engine.start({
        name,
        input: JSON.stringify(input),
        ...(instanceId === undefined ? {} : { instanceId }),
      });
      if (!started.ok) throw new Error('already started');
      return started.instanceId;
    },
    signal: async (entity, key, operation, input) => {
      await this.engine.signalEntity(entity, key, operation, JSON.stringify(input));
    },
    readEntity: async (name, key) => {
      const entity = await this.engine.readEntity(name, key);
      return entity?.state === undefined ? undefined : (JSON.parse(entity.state) as unknown);
    },
    list: async ({ prefix, endedCreatedUntilMs, top, continuation }) => {
      const ended: InstanceState['runtimeStatus'][] = ['Completed', 'Failed', 'Terminated', 'Canceled'];
      const page = await this.engine.query({
        top,
        ...(prefix === undefined ? {} : { instanceIdPrefix: prefix }),
        ...(endedCreatedUntilMs === undefined
          ? {}
          : { createdToMs: endedCreatedUntilMs, runtimeStatus: ended }),
        ...(continuation === undefined ? {} : { continuationToken: continuation }),
      });
      return {
        instances: page.items.map(({ instanceId, runtimeStatus, lastUpdatedMs }) => ({
          id: instanceId,
          open: !ended.includes(runtimeStatus),
          updatedMs: lastUpdatedMs,
        })),
        ...(page.continuationToken === undefined ? {} : { continuation: page.continuationToken }),
      };
    },
    purge: async (instance) => {
      if ((await this.engine.purge(instance)) === 'invalidState') throw new Error(`${instance} goes on`);
    },
  };

  private invoker(): FunctionInvoker {
    const call = async (name: string, input: unknown): Promise<InvocationResult> => {
      try {
        return { ok: true, value: await this.functions.handler(name)(input, this.context(name)) };
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        return { ok: false, message: error.message, stack: error.stack ?? '', type: error.name };
      }
    };
    return {
      names: (kind) => this.functions.names[kind],
      orchestration: async (name, instance, payload) => {
        const text = JSON.stringify(payload, null, 2);
        const result = await call(name, payload);
        if (result.ok) this.episodes.set(instance, { name, payload: text, answer: result.value });
        this.onEpisode?.(instance);
        return result;
      },
      activity: (name, _instance, input) => call(name, input === undefined ? undefined : JSON.parse(input)),
      entity: (name, _key, payload) => call(name, payload),
    };
  }

  private context(functionName: string): Pick<InvocationContext, 'functionName' | 'warn' | 'error'> {
    const note = (...words: unknown[]): void => void this.warnings.push(words.map(String).join(' '));
    return { functionName, warn: note, error: note };
  }
}
