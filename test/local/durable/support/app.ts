import type {
  EntityPayload,
  FunctionInvoker,
  InvocationResult,
  OrchestrationPayload,
} from '../../../../local/durable/engine-api';

type Handler = (input: unknown, context: Record<string, unknown>) => unknown;
type Kind = 'orchestration' | 'activity' | 'entity';

const KINDS: Record<string, Kind> = {
  orchestrationTrigger: 'orchestration',
  activityTrigger: 'activity',
  entityTrigger: 'entity',
};

/** What the module `@azure/functions-core` hands to the SDK: it collects the functions that an app registers. */
export class FakeCore {
  readonly handlers = new Map<string, Handler>();
  readonly registered: Record<Kind, string[]> = { orchestration: [], activity: [], entity: [] };

  readonly api = {
    version: '0',
    hostVersion: '4.0.0',
    setProgrammingModel: (): void => undefined,
    registerFunction: (
      metadata: { name: string; bindings: Record<string, { type: string }> },
      handler: Handler,
    ): { dispose(): void } => {
      const kind = Object.values(metadata.bindings)
        .map((binding) => KINDS[binding.type])
        .find((found) => found !== undefined);
      if (kind) {
        this.registered[kind].push(metadata.name);
        this.handlers.set(`${kind}:${metadata.name}`, handler);
      }
      return { dispose: () => undefined };
    },
    registerHook: (): { dispose(): void } => ({ dispose: () => undefined }),
    log: (): void => undefined,
    Disposable: class {},
  };
}

/** One invocation as a test wants to look at it. */
export interface Call {
  kind: Kind;
  name: string;
  instanceId: string;
  payload: string | undefined;
  result: InvocationResult;
}

/** Runs the functions of a loaded app through the unmodified SDK, and records every call. */
export class AppInvoker implements FunctionInvoker {
  readonly calls: Call[] = [];

  constructor(
    private readonly core: FakeCore,
    private readonly record = true,
  ) {}

  names(kind: Kind): string[] {
    return this.core.registered[kind];
  }

  orchestration(name: string, instanceId: string, payload: OrchestrationPayload): Promise<InvocationResult> {
    return this.call('orchestration', name, instanceId, wireText(payload), payload);
  }

  activity(name: string, instanceId: string, input: string | undefined): Promise<InvocationResult> {
    const value: unknown = input === undefined ? undefined : JSON.parse(input);
    return this.call('activity', name, instanceId, input, value);
  }

  entity(name: string, key: string, payload: EntityPayload): Promise<InvocationResult> {
    return this.call('entity', name, key, wireText(payload), payload);
  }

  private async call(
    kind: Kind,
    name: string,
    instanceId: string,
    payload: string | undefined,
    input: unknown,
  ): Promise<InvocationResult> {
    const handler = this.core.handlers.get(`${kind}:${name}`);
    const result = await run(() => handler?.(input, { functionName: name }));
    if (this.record) this.calls.push({ kind, name, instanceId, payload, result });
    return result;
  }
}

/** The payload as the extension writes it. */
const wireText = (payload: object): string => JSON.stringify(payload, null, 2);

async function run(work: () => unknown): Promise<InvocationResult> {
  try {
    return { ok: true, value: await work() };
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return { ok: false, message: error.message, stack: error.stack ?? '', type: error.name };
  }
}
