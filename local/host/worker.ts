import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { AppRegistry, HookName, RegisteredFunction } from './app-registry';
import { callDirectly, patternOf, type ContextPattern, type PlainInput } from './direct-call';
import { messageOf } from './host-error';
import type { HostLogger, LogLevels } from './host-log';
import type {
  CoreInvocationContext,
  InvocationModel,
  InvocationRequest,
  InvocationResponse,
  LogCategory,
  LogLevel,
  RetryContext,
  RpcTypedData,
} from './rpc';

export interface InvocationInput {
  inputData: { name: string; data: RpcTypedData }[];
  /** The same as plain values, of a function without outputs: then the library need not convert anything. */
  plain?: PlainInput | undefined;
  triggerMetadata?: Record<string, RpcTypedData>;
  traceParent?: string | undefined;
  traceState?: string | undefined;
  retryContext?: RetryContext | undefined;
  invocationId?: string;
  /** Why it runs, for the log. */
  reason?: string;
}

export interface Invocation {
  invocationId: string;
  /** What the handler (after the hooks) returned. */
  result: unknown;
  /** The result, or another in its place, as the worker would put it on the wire. */
  response(result?: unknown): Promise<InvocationResponse>;
}

/** Thrown when an invocation outlives `functionTimeout`; worded as the real host words it. */
export class FunctionTimeoutError extends Error {
  constructor(functionName: string, invocationId: string, timeout: string) {
    super(
      `Timeout value of ${timeout} exceeded by function 'Functions.${functionName}' (Id: '${invocationId}'). Initiating cancellation.`,
    );
    this.name = 'FunctionTimeoutException';
  }
}

/**
 * Runs the functions of one app: what the Functions Node worker does with an invocation request, without a wire between.
 */
export class Worker {
  private readonly all = new Tally();
  private readonly background = new Tally();
  /** By function, once it has been invoked with plain values. */
  private readonly patterns = new Map<string, ContextPattern | undefined>();

  constructor(
    private readonly options: {
      registry: AppRegistry;
      clock: Clock;
      log: HostLogger;
      levels: LogLevels;
      /** Milliseconds; 0 for no limit. */
      timeoutMs: number;
    },
  ) {}

  /** Resolves when no invocation runs. */
  idle(): Promise<void> {
    return this.all.zero();
  }

  /** Runs what a trigger started by itself (with its retries and settlement): the host is not idle before it ends. */
  async inBackground(work: () => Promise<void>): Promise<void> {
    this.background.enter();
    try {
      await work();
    } finally {
      this.background.leave();
    }
  }

  /** Whether nothing runs that a trigger started by itself. */
  get quiet(): boolean {
    return this.background.count === 0;
  }

  /** Resolves when nothing runs that a trigger started by itself. */
  backgroundIdle(): Promise<void> {
    return this.background.zero();
  }

  /**
   * Runs one function: arguments, hooks, handler, hooks.
   * @throws whatever the handler or a hook threw; FunctionTimeoutError.
   */
  async invoke(fn: RegisteredFunction, input: InvocationInput): Promise<Invocation> {
    const invocationId = input.invocationId ?? randomUUID();
    const started = performance.now();
    const category = `Function.${fn.name}`;
    const logged = this.options.levels.enabled(category, 'information');
    const ids = { function: fn.name, invocationId, operationId: operationId(input, invocationId) };
    if (logged) {
      const reason = input.reason ?? 'This function was programmatically called via the host APIs.';
      this.options.log.info(ids, `Executing 'Functions.${fn.name}' (Reason='${reason}', Id=${invocationId})`);
    }
    this.all.enter();
    let outcome = 'Succeeded';
    try {
      return await this.limited(fn, invocationId, this.run(fn, input, invocationId, ids));
    } catch (error) {
      outcome = 'Failed';
      this.options.log.error(
        { ...ids, error: { message: messageOf(error), stack: stackOf(error) } },
        `Exception while executing function: Functions.${fn.name}: ${messageOf(error)}`,
      );
      throw error;
    } finally {
      this.all.leave();
      if (logged) {
        const ms = Math.round(performance.now() - started);
        this.options.log.info(
          ids,
          `Executed 'Functions.${fn.name}' (${outcome}, Id=${invocationId}, Duration=${ms}ms)`,
        );
      }
    }
  }

  /** Runs the app's appStart or appTerminate hooks, one after the other. */
  async appHooks(name: 'appStart' | 'appTerminate', functionAppDirectory: string): Promise<void> {
    const { registry } = this.options;
    if (registry.hooks[name].length === 0) return;
    const context: Record<string, unknown> = { functionAppDirectory };
    readOnly(context, 'hookData', () => registry.appLevelHookData);
    readOnly(context, 'appHookData', () => registry.appHookData);
    await this.hooks(name, context);
  }

  private async run(
    fn: RegisteredFunction,
    input: InvocationInput,
    invocationId: string,
    ids: object,
  ): Promise<Invocation> {
    const { registry } = this.options;
    const hooked = registry.hooks.preInvocation.length > 0 || registry.hooks.postInvocation.length > 0;
    const pattern = this.patterns.get(fn.id);
    const { plain } = input;
    if (plain && pattern && !hooked) {
      const result = await callDirectly({
        pattern,
        callback: fn.callback,
        functionName: fn.name,
        invocationId,
        input: plain,
        log: (level, category, message) => this.userLog(fn, ids, level, category, message),
      });
      return { invocationId, result, response: () => Promise.resolve({ invocationId }) };
    }
    const request: InvocationRequest = {
      invocationId,
      functionId: fn.id,
      inputData: input.inputData,
      triggerMetadata: input.triggerMetadata ?? {},
      traceContext: {
        traceParent: input.traceParent ?? '',
        traceState: input.traceState ?? '',
        attributes: {},
      },
      ...(input.retryContext && { retryContext: input.retryContext }),
    };
    const core: CoreInvocationContext = {
      invocationId,
      request,
      metadata: fn.metadata,
      state: undefined,
      log: (level, category, message) => this.userLog(fn, ids, level, category, message),
    };
    if (!registry.model) throw new Error('The app has set no programming model.');
    const model = await registry.model.getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    if (plain && !this.patterns.has(fn.id)) this.patterns.set(fn.id, patternOf(context));
    const result = hooked
      ? await this.invokeWithHooks({ fn, core, model, context, inputs })
      : await model.invokeFunction(context, inputs, fn.callback);
    return { invocationId, result, response: (other = result) => model.getResponse(context, other) };
  }

  private async invokeWithHooks(call: {
    fn: RegisteredFunction;
    core: CoreInvocationContext;
    model: InvocationModel;
    context: unknown;
    inputs: unknown[];
  }): Promise<unknown> {
    const { fn, core, model, context } = call;
    const hookData = {};
    const before: { inputs: unknown[]; functionCallback: RegisteredFunction['callback'] } & Record<
      string,
      unknown
    > = { functionCallback: fn.callback, inputs: call.inputs };
    this.invocationHookData(before, hookData, context);
    await this.inState(core, 'preInvocationHooks', () => this.hooks('preInvocation', before));

    const after: Record<string, unknown> = { inputs: before.inputs, result: null, error: null };
    this.invocationHookData(after, hookData, context);
    await this.inState(core, 'invocation', async () => {
      try {
        after['result'] = await model.invokeFunction(context, before.inputs, before.functionCallback);
      } catch (error) {
        after['error'] = error;
      }
    });
    await this.inState(core, 'postInvocationHooks', () => this.hooks('postInvocation', after));
    if (after['error'] !== null && after['error'] !== undefined) throw after['error'];
    return after['result'];
  }

  private invocationHookData(context: Record<string, unknown>, hookData: object, invocation: unknown): void {
    readOnly(context, 'hookData', () => hookData);
    readOnly(context, 'appHookData', () => this.options.registry.appHookData);
    readOnly(context, 'invocationContext', () => invocation);
  }

  private async inState(
    core: CoreInvocationContext,
    state: NonNullable<CoreInvocationContext['state']>,
    work: () => Promise<void>,
  ): Promise<void> {
    core.state = state;
    try {
      await work();
    } finally {
      core.state = undefined;
    }
  }

  private async hooks(name: HookName, context: Record<string, unknown>): Promise<void> {
    for (const hook of this.options.registry.hooks[name]) await hook(context);
  }

  private limited<T>(fn: RegisteredFunction, invocationId: string, work: Promise<T>): Promise<T> {
    const { timeoutMs, clock } = this.options;
    if (timeoutMs <= 0) return work;
    return new Promise<T>((resolve, reject) => {
      const cancel = clock.at(clock.now() + timeoutMs, () =>
        reject(new FunctionTimeoutError(fn.name, invocationId, formatTimeSpan(timeoutMs))),
      );
      void work.then(resolve, reject).finally(cancel);
    });
  }

  private userLog(
    fn: RegisteredFunction,
    ids: object,
    level: LogLevel,
    category: LogCategory,
    message: string,
  ): void {
    const { registry, levels, log } = this.options;
    let text = message;
    let severity = level;
    if (registry.hooks.log.length > 0) {
      const context: Record<string, unknown> = { level, category, message, invocationContext: undefined };
      readOnly(context, 'hookData', () => registry.appLevelHookData);
      readOnly(context, 'appHookData', () => registry.appHookData);
      for (const hook of registry.hooks.log) hook(context);
      text = String(context['message']);
      severity = context['level'] as LogLevel;
    }
    if (!levels.enabled(category === 'user' ? `Function.${fn.name}.User` : `Function.${fn.name}`, severity)) {
      return;
    }
    if (severity === 'error' || severity === 'critical') log.error(ids, text);
    else if (severity === 'warning') log.warn(ids, text);
    else if (severity === 'information') log.info(ids, text);
    else log.debug(ids, text);
  }
}

/** Counts what runs and tells when nothing does. */
class Tally {
  count = 0;
  private waiting: (() => void)[] = [];

  enter(): void {
    this.count++;
  }

  leave(): void {
    if (--this.count === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }

  zero(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** The trace id of the caller when there is one: all logs of one operation carry it. */
function operationId(input: InvocationInput, invocationId: string): string {
  return input.traceParent?.split('-')[1] ?? invocationId.replaceAll('-', '');
}

function stackOf(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'stack' in thrown
    ? String(thrown.stack)
    : undefined;
}

function readOnly(target: object, name: string, get: () => unknown): void {
  Object.defineProperty(target, name, {
    enumerable: true,
    get,
    set: () => {
      throw new TypeError(`Cannot assign to read only property '${name}'`);
    },
  });
}

function formatTimeSpan(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(ms / 86_400_000);
  const time = `${two((ms / 3_600_000) % 24)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}`;
  return days > 0 ? `${days}.${time}` : time;
}
