import type { Server } from 'node:http';
import { resolve } from 'node:path';
import { VirtualClock } from '../clock';
import { createEngine } from '../durable/engine';
import type { DurableEngine } from '../durable/engine-api';
import { AdminApi } from './admin-api';
import { AppRegistry } from './app-registry';
import { loadApp } from './app-loader';
import { nodeProcess } from './core-module';
import { DurableApi } from './durable-api';
import { createInvoker } from './durable-invoker';
import { durableClientInput, type HubInfo } from './durable-links';
import { inProcessDurable, serveDurable } from './durable-server';
import { engineLog, engineSettings } from './engine-settings';
import { EventGridWebhook } from './event-grid-webhook';
import { type AppConfig, readAppConfig, Settings } from './host-config';
import { HostError } from './host-error';
import { type HostLogger, LogLevels, silentLogger } from './host-log';
import type { HostOptions, LocalHost } from './host-options';
import { BodyTooLarge, send } from './http-body';
import { HttpFront } from './http-front';
import { HttpRouter } from './http-router';
import { connectHttpStreams } from './http-stream';
import { HttpTrigger } from './http-trigger';
import { InputBindings } from './input-bindings';
import { generateKeys, type HostKeys, KeyRing, loadKeys } from './keys';
import { closeServer, listen, originOf, type RequestHandler } from './listen';
import { OutputBindings } from './output-bindings';
import { type AppEnvironment, enterEnvironment } from './app-environment';
import { ServiceBusClients } from './service-bus-client';
import { restOrigin, sendRequests } from './service-bus-inside';
import { createListeners, type TriggerListeners } from './trigger-listeners';
import { durationMs, type Duration } from './time-span';
import { keepUsableFunctions } from './usable-functions';
import { Worker } from './worker';

export type { HostOptions, LocalHost } from './host-options';

/** Time limit of one invocation when host.json sets none: that of the real host outside the consumption plan. */
const DEFAULT_FUNCTION_TIMEOUT_MS = 30 * 60_000;
/** How long a stopping host waits (real time) for invocations and answers that do not end. */
const STOP_GRACE_MS = 10_000;
/** Path of the SDK's endpoint, as on the real host. */
const RPC_PATH = '/durabletask';
/** Request body limit of Azure; setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT changes it. */
const DEFAULT_BODY_LIMIT_BYTES = 104_857_600;

/**
 * Starts a Functions host for the app in `options.root`: reads its configuration, loads it, opens the two ports (public, and the
 * loopback RPC port of the Durable SDK), runs the engine and the triggers.
 * @throws HostError naming what is wrong and how to mend it; nothing stays open then.
 */
export async function createLocalHost(options: HostOptions): Promise<LocalHost> {
  const root = resolve(options.root);
  const env = nodeProcess().env;
  const config = readAppConfig({ root, env, overrides: options.settings });
  const keys = options.keys ?? (options.keysFile ? loadKeys(options.keysFile) : generateKeys());
  const ports = await openPorts(options);
  const environment = enterEnvironment({
    process: nodeProcess(),
    clock: options.clock,
    settings: config.settings,
    hostname: new URL(originOf(ports.http.server)).host,
    root,
  });
  try {
    return await startApp({ options, root, config, keys, ports, environment });
  } catch (error) {
    environment.leave();
    await Promise.all([closeServer(ports.http.server), closeServer(ports.rpc.server)]);
    throw error;
  }
}

interface Port {
  server: Server;
  /** Requests wait here until the app is loaded. */
  serve(handler: RequestHandler): void;
}

interface Ports {
  http: Port;
  rpc: Port;
}

async function openPorts(options: HostOptions): Promise<Ports> {
  const host = options.listenHost ?? '127.0.0.1';
  const http = await listen({ host, port: options.httpPort ?? 0, option: 'httpPort' });
  try {
    return { http, rpc: await listen({ host: '127.0.0.1', port: options.rpcPort ?? 0, option: 'rpcPort' }) };
  } catch (error) {
    await closeServer(http.server);
    throw error;
  }
}

interface Start {
  options: HostOptions;
  root: string;
  config: AppConfig;
  keys: HostKeys;
  ports: Ports;
  environment: AppEnvironment;
}

async function startApp(start: Start): Promise<LocalHost> {
  const { options, root, config, keys, ports } = start;
  const { clock, store } = options;
  const log: HostLogger = options.log ?? silentLogger;
  const settings = new Settings(nodeProcess().env);
  const registry = new AppRegistry(log);
  await loadApp({
    root,
    package: options.main === undefined ? config.package : { ...config.package, main: options.main },
    registry,
  });
  registry.locked = true;
  keepUsableFunctions(registry, settings, log);
  const streams = registry.model && (await connectHttpStreams(registry.model));

  const worker = new Worker({
    registry,
    clock,
    log,
    levels: new LogLevels(config.host.logging?.logLevel ?? {}),
    timeoutMs: config.host.functionTimeout ?? DEFAULT_FUNCTION_TIMEOUT_MS,
  });
  const origin = originOf(ports.http.server);
  const rpcUrl = `${originOf(ports.rpc.server)}${RPC_PATH}/`;
  const info = hubInfo(config, keys);
  const functions = [...registry.functions.values()];
  const inputs = new InputBindings([...functions, ...registry.disabled.values()], (binding) =>
    durableClientInput({ origin, rpcBaseUrl: rpcUrl, info, binding }),
  );
  const clients = new ServiceBusClients(settings, options.serviceBus);
  const outputs = new OutputBindings({ clients, settings });
  const inside = options.inProcess ? start.environment.inside : new Set<string>();
  const invoker = createInvoker({
    registry,
    worker,
    inputs,
    outputs,
    inside,
  });
  const engine = createEngine({ store, clock, log: engineLog(log), ...engineSettings(config.host) });
  const durable = new DurableApi({ engine, invoker, clock, info });
  const bodyLimitBytes = Number(
    settings.get('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT') ?? DEFAULT_BODY_LIMIT_BYTES,
  );
  const routePrefix = (config.host.extensions?.http?.routePrefix ?? 'api').replace(/^\/|\/$/g, '');
  const trigger = new HttpTrigger({ worker, inputs, outputs, streams, bodyLimitBytes, log, store });
  const listeners = createListeners({
    registry,
    worker,
    inputs,
    outputs,
    clients,
    inside,
    settings,
    clock,
    store,
    log,
    config,
  });
  const front = new HttpFront({
    keys: new KeyRing(keys, options.authEnabled ?? false),
    signIn: options.signIn,
    router: new HttpRouter(registry.withTrigger('httpTrigger'), routePrefix),
    trigger,
    durable,
    eventGrid: new EventGridWebhook({ registry, worker, inputs, outputs, bodyLimitBytes, log, store }),
    admin: new AdminApi({
      registry,
      host: config.host,
      origin,
      routePrefix,
      bodyLimitBytes,
      runManually: (fn, input) => listeners.runManually(fn, input),
    }),
    customHeaders: config.host.extensions?.http?.customHeaders ?? {},
    bodyLimitBytes,
  });

  if (options.inProcess) {
    const api = new DurableApi({ engine: engine.inside, invoker, clock, info });
    const rpc = inProcessDurable({ api, basePath: RPC_PATH });
    const services = new Map([...options.inProcess, [originOf(ports.rpc.server), rpc]]);
    if (options.serviceBus) services.set(restOrigin(options.serviceBus), sendRequests(options.serviceBus));
    start.environment.offer(services);
  }
  await worker.appHooks('appStart', root);
  engine.run(invoker);
  ports.rpc.serve((req, res) => serveRpc({ durable, bodyLimitBytes }, req, res));
  ports.http.serve((req, res) => front.handle(req, res));
  await listeners.start();
  log.info({ url: origin, functions: functions.length }, 'Host started');
  return running({ start, engine, worker, trigger, listeners, clients, origin, rpcUrl });
}

/** The loopback port of the SDK: no key, and nothing but the management API. */
const serveRpc = async (
  options: { durable: DurableApi; bodyLimitBytes: number },
  ...[req, res]: Parameters<RequestHandler>
): Promise<void> => {
  try {
    if (!req.url?.startsWith(`${RPC_PATH}/`)) return send(res, 404);
    await serveDurable({
      api: options.durable,
      basePath: RPC_PATH,
      rpc: true,
      bodyLimitBytes: options.bodyLimitBytes,
      req,
      res,
    });
  } catch (error) {
    send(res, error instanceof BodyTooLarge ? 413 : 500);
  }
};

function running(parts: {
  start: Start;
  engine: DurableEngine;
  worker: Worker;
  trigger: HttpTrigger;
  listeners: TriggerListeners;
  clients: ServiceBusClients;
  origin: string;
  rpcUrl: string;
}): LocalHost {
  const { start, engine, worker, trigger, listeners, clients } = parts;
  const { clock } = start.options;

  async function runUntilIdle(): Promise<void> {
    // Work may beget work on the other side, so both must be found idle in one pass.
    for (;;) {
      await engine.idle();
      const { quiet } = worker;
      await worker.backgroundIdle();
      await new Promise((done) => setImmediate(done));
      if (quiet) return engine.idle();
    }
  }

  async function stopNow(): Promise<void> {
    const { http, rpc } = start.ports;
    const closed = closeServer(http.server);
    await within(STOP_GRACE_MS, Promise.all([listeners.stop(), worker.idle()]));
    trigger.endStreams();
    http.server.closeIdleConnections();
    await within(STOP_GRACE_MS, closed);
    http.server.closeAllConnections();
    await engine.stop();
    await worker.appHooks('appTerminate', start.root);
    await closeServer(rpc.server);
    await clients.close();
    start.environment.leave();
  }

  let stopping: Promise<void> | undefined;
  return {
    url: parts.origin,
    rpcUrl: parts.rpcUrl,
    engine,
    keys: start.keys,
    async advance(duration: Duration) {
      if (!(clock instanceof VirtualClock)) {
        throw new HostError(
          'ClockNotVirtual',
          'advance() needs a host on a VirtualClock; this one runs on real time.',
        );
      }
      await clock.advanceTo(clock.now() + durationMs(duration), runUntilIdle);
    },
    runUntilIdle,
    stop: () => (stopping ??= stopNow()),
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

function hubInfo(config: AppConfig, keys: HostKeys): HubInfo {
  const durableTask = config.host.extensions?.durableTask;
  return {
    hub: durableTask?.hubName ?? 'TestHubName',
    connection: durableTask?.storageProvider?.connectionName ?? 'Storage',
    key: keys.system,
  };
}
