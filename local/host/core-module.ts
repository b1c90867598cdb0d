import Module from 'node:module';
import type { AppRegistry } from './app-registry';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './rpc';

type ModuleClass = typeof Module & {
  _cache: Record<string, NodeJS.Module | undefined>;
  prototype: { require: (this: unknown, id: string) => unknown };
};

/** What `require('@azure/functions-core')` gives an app; its members are replaced at every load. */
type CoreApi = Record<string, unknown>;

interface Supply {
  api: CoreApi;
  /** The library sets its model once per copy of itself; a copy that outlives a host keeps it. */
  model: ProgrammingModel | undefined;
  /** Files that apps loaded: the next load starts them afresh. */
  loaded: Set<string>;
}

const SUPPLY = Symbol.for('attendant.functions-core');

/** Versions that the app may ask for: the worker and host whose behaviour this host follows. */
const WORKER_VERSION = '3.9.1';
const HOST_VERSION = '4.1037.0.0';

/**
 * Node's own module system. Under jest `node:module` is a subclass that leads back into jest's registry; the app always runs outside
 * it, so that one way of loading serves production and tests.
 */
export function nodeModules(): ModuleClass {
  const parent = Object.getPrototypeOf(Module) as object;
  return (parent !== Function.prototype && '_cache' in parent ? parent : Module) as ModuleClass;
}

/** A module as Node itself loads it, whatever jest puts in its place. */
export function nodeRequire(id: string): unknown {
  return nodeModules().createRequire(__filename)(id);
}

/** Node's own process object: jest gives tests a copy with another `env`. */
export function nodeProcess(): NodeJS.Process {
  return nodeRequire('node:process') as NodeJS.Process;
}

/**
 * Makes the module `@azure/functions-core` available to what is loaded from now on, bound to `registry`.
 * The state hangs on Node's Module class because there is one module system per process, also when this file is loaded
 * several times (jest).
 */
export function supplyCoreModule(registry: AppRegistry): Supply {
  const modules = nodeModules() as ModuleClass & { [SUPPLY]?: Supply };
  const supply = (modules[SUPPLY] ??= install(modules));
  // Methods are looked up at each call, so a library copy that survived an earlier host registers with this one.
  Object.assign(supply.api, {
    version: WORKER_VERSION,
    hostVersion: HOST_VERSION,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
      new Disposable(registry.registerFunction(metadata, callback)),
    registerHook: (name: string, callback: HookCallback) =>
      new Disposable(registry.registerHook(name, callback)),
    setProgrammingModel: (model: ProgrammingModel) => {
      supply.model = model;
      registry.model = model;
    },
    getProgrammingModel: () => registry.model ?? supply.model,
    log: (level: LogLevel, category: LogCategory, message: string) =>
      registry.coreLog(level, category, message),
    Disposable,
  });
  return supply;
}

function install(modules: ModuleClass): Supply {
  const supply: Supply = { api: {}, model: undefined, loaded: new Set() };
  const original = modules.prototype.require;
  modules.prototype.require = function (this: unknown, id: string): unknown {
    return id === '@azure/functions-core' ? supply.api : original.call(this, id);
  };
  return supply;
}

/** The worker's Disposable: runs its callback once. */
class Disposable {
  private callback: (() => unknown) | undefined;

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const each of disposables) each.dispose();
    });
  }

  constructor(callback: () => unknown) {
    this.callback = callback;
  }

  dispose(): unknown {
    const callback = this.callback;
    this.callback = undefined;
    return callback?.();
  }
}
