import { basename, dirname } from 'node:path';
import type { HostLogger } from './host-log';
import type {
  BindingInfo,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './rpc';

export interface RegisteredFunction {
  id: string;
  name: string;
  metadata: FunctionMetadata;
  callback: FunctionCallback;
  trigger: BindingInfo & { name: string };
  scriptFile: string;
  directory: string;
}

const HOOKS = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'] as const;
export type HookName = (typeof HOOKS)[number];

/** What one app registered while it was loaded: the worker's `AppContext`, owned by one host. */
export class AppRegistry {
  readonly functions = new Map<string, RegisteredFunction>();
  /** Switched off by a setting: known to the admin API, run by hand only. */
  readonly disabled = new Map<string, RegisteredFunction>();
  readonly hooks: Record<HookName, HookCallback[]> = {
    preInvocation: [],
    postInvocation: [],
    appStart: [],
    appTerminate: [],
    log: [],
  };
  /** Shared by all hooks of the app; `appLevelHookData` only by appStart and appTerminate. */
  readonly appHookData: Record<string, unknown> = {};
  readonly appLevelHookData: Record<string, unknown> = {};
  model: ProgrammingModel | undefined;
  entryPoint: string | undefined;
  locked = false;

  constructor(private readonly log: HostLogger) {}

  /** @throws Error as the worker words it: after startup, or when the id is taken. */
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): () => void {
    if (this.locked) throw systemError('A function can only be registered during app startup.');
    const id = metadata.functionId ?? metadata.name;
    if (this.functions.has(id)) {
      throw systemError(`A function with id "${id}" has already been registered.`);
    }
    const found = Object.entries(metadata.bindings).find(([, binding]) => isTrigger(binding.type));
    if (!found) throw systemError(`The function "${metadata.name}" has no trigger.`);
    const [name, trigger] = found;
    this.functions.set(id, {
      id,
      name: metadata.name,
      metadata: { ...metadata, functionId: id },
      callback,
      trigger: { ...trigger, name },
      scriptFile: this.entryPoint === undefined ? 'unknown' : basename(this.entryPoint),
      directory: this.entryPoint === undefined ? '' : dirname(this.entryPoint),
    });
    return () => {
      if (this.locked) throw systemError('A function can only be disposed during app startup.');
      this.functions.delete(id);
    };
  }

  registerHook(name: string, callback: HookCallback): () => void {
    const hooks = this.hooks[HOOKS.find((hook) => hook === name) ?? unknownHook(name)];
    hooks.push(callback);
    return () => {
      const index = hooks.indexOf(callback);
      if (index >= 0) hooks.splice(index, 1);
    };
  }

  coreLog(level: LogLevel, category: LogCategory, message: string): void {
    const fields = { category: 'Worker', logCategory: category };
    if (level === 'error' || level === 'critical') this.log.error(fields, message);
    else if (level === 'warning') this.log.warn(fields, message);
    else if (level === 'information') this.log.info(fields, message);
    else this.log.debug(fields, message);
  }

  /** Functions whose trigger is of this type, whatever its case. */
  withTrigger(type: string): RegisteredFunction[] {
    return [...this.functions.values()].filter(
      (each) => each.trigger.type.toLowerCase() === type.toLowerCase(),
    );
  }
}

export function isTrigger(type: string): boolean {
  return /trigger$/i.test(type);
}

export const hasOutputs = ({ metadata }: RegisteredFunction): boolean =>
  Object.values(metadata.bindings).some(({ direction }) => direction === 'out');

function unknownHook(name: string): never {
  throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
}

function systemError(message: string): Error {
  return Object.assign(new Error(message), { isAzureFunctionsSystemError: true });
}
