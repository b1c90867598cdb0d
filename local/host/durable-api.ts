import { EngineError, type EngineErrorCode } from '../durable/engine';
import { StoreError } from '../store/store-error';
import { type ApiAnswer, compactJson, empty, errorAnswer, isEnded, json, statusBody } from './durable-answer';
import { type EntityRequests, entityRequests } from './durable-entities';
import { BodyTooLarge } from './http-body';
import { managementLinks } from './durable-links';
import { type InstanceRequests, instanceRequests } from './durable-instances';
import type { ApiRequest, DurableApiOptions } from './durable-request';

const REFUSALS: Record<EngineErrorCode, number> = {
  PayloadTooLarge: 413,
  InvalidContinuationToken: 400,
  InvalidJson: 400,
  EngineStopped: 503,
};

/**
 * The management API of the Durable extension 3.14 (HttpApiHandler): routes, status codes, bodies.
 */
export class DurableApi {
  private readonly instances: InstanceRequests;
  private readonly entities: EntityRequests;

  constructor(private readonly options: DurableApiOptions) {
    this.instances = instanceRequests(options, {
      started: (request, id) => this.startedOrWaited(request, id),
    });
    this.entities = entityRequests(options);
  }

  /** What the engine or the store refuse is named by its code; any other failure is the extension's 500. @throws BodyTooLarge */
  async handle(request: ApiRequest): Promise<ApiAnswer> {
    try {
      return await this.route(request);
    } catch (error) {
      if (error instanceof EngineError) {
        return errorAnswer(REFUSALS[error.code], `${error.code}: ${error.message}`);
      }
      if (error instanceof BodyTooLarge) throw error;
      const { message, name } = error instanceof Error ? error : new Error(String(error));
      const type = error instanceof StoreError ? error.code : name;
      return errorAnswer(500, 'Something went wrong while processing your request', { message, type });
    }
  }

  private async route(request: ApiRequest): Promise<ApiAnswer> {
    const [area, first, second, third] = request.segments;
    const count = request.segments.length;
    switch (area?.toLowerCase()) {
      case 'orchestrators':
        if (first === undefined || count > 3 || request.method !== 'POST') return empty(404);
        return this.start(request, first, second);
      case 'entities':
        return count <= 3 ? this.entities.handle(request, first, second) : empty(404);
      case 'instances':
        if (first === undefined) return this.instances.all(request);
        if (second === undefined) return this.instances.one(request, first);
        if (third === undefined) return this.instances.command(request, first, second);
        if (count === 4 && second.toLowerCase() === 'raiseevent' && request.method === 'POST') {
          return this.instances.raiseEvent(request, first, third);
        }
        return empty(404);
      default:
        return empty(404);
    }
  }

  private async start(request: ApiRequest, name: string, instanceId?: string): Promise<ApiAnswer> {
    const text = await request.body();
    const input = text === undefined ? undefined : compactJson(text);
    if (input && !input.ok) {
      return errorAnswer(400, 'Invalid JSON content', {
        message: input.message,
        type: 'Newtonsoft.Json.JsonReaderException',
      });
    }
    const result = await this.options.engine.start({
      name,
      instanceId,
      input: input?.json,
      version: request.query.get('version') ?? undefined,
    });
    if (!result.ok) {
      return errorAnswer(409, `An Orchestration instance with the status ${result.existing} already exists.`);
    }
    return this.startedOrWaited(request, result.instanceId);
  }

  /** The links to the instance, or its output when `timeout` and `pollingInterval` ask to wait and it ends in time. */
  private async startedOrWaited(request: ApiRequest, instanceId: string): Promise<ApiAnswer> {
    const timeoutMs = seconds(request.query.get('timeout'));
    const intervalMs = seconds(request.query.get('pollingInterval'));
    if (timeoutMs === undefined || intervalMs === undefined) return this.links(request, instanceId);
    if (intervalMs > timeoutMs) {
      return errorAnswer(400, 'One or more of the arguments submitted is incorrect', {
        message: `Total timeout ${timeoutMs / 1000} should be bigger than retry timeout ${intervalMs / 1000}`,
        type: 'System.ArgumentException',
      });
    }
    const { engine, clock } = this.options;
    const deadline = clock.now() + timeoutMs;
    for (;;) {
      const state = await engine.get(instanceId);
      if (state && isEnded(state.runtimeStatus)) {
        return state.runtimeStatus === 'Completed'
          ? json(200, state.output ?? 'null')
          : json(200, statusBody(state, { showInput: true }));
      }
      const left = deadline - clock.now();
      if (left <= 0) return this.links(request, instanceId);
      await new Promise<void>((resolve) => clock.at(clock.now() + Math.min(left, intervalMs), resolve));
    }
  }

  private links(request: ApiRequest, instanceId: string): ApiAnswer {
    const { info } = this.options;
    const links = managementLinks({ origin: request.origin, instanceId, info, rewind: false });
    return json(202, JSON.stringify(links), {
      Location: links['statusQueryGetUri'] ?? '',
      'Retry-After': '10',
    });
  }
}

function seconds(text: string | null): number | undefined {
  if (text === null || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value * 1000 : undefined;
}
