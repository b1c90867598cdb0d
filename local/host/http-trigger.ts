import type { Store } from '../store/store';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { RegisteredFunction } from './app-registry';
import type { InputBindings } from './input-bindings';
import type { OutputBindings } from './output-bindings';
import { messageOf } from './host-error';
import type { HostLogger } from './host-log';
import { asReadable, BodyTooLarge, pump, readBody, send } from './http-body';
import { responseHead, toRpcHttp } from './http-rpc';
import { type HttpStreams, streamMetadata } from './http-stream';
import type { RpcHttp } from './rpc';
import type { Invocation, Worker } from './worker';

/** Runs httpTrigger functions for requests that were routed and let in. */
export class HttpTrigger {
  /** Answers that are still being sent: the host ends them when it stops. */
  private readonly streaming = new Set<ServerResponse>();

  constructor(
    private readonly options: {
      worker: Worker;
      inputs: InputBindings;
      outputs: OutputBindings;
      streams: HttpStreams | undefined;
      bodyLimitBytes: number;
      log: HostLogger;
      store: Store;
    },
  ) {}

  /** Never rejects: what the function throws becomes the real host's 500 with an empty body. */
  async handle(call: {
    fn: RegisteredFunction;
    params: Record<string, string>;
    url: string;
    req: IncomingMessage;
    res: ServerResponse;
  }): Promise<void> {
    const { fn, req, res } = call;
    try {
      const invocation = await (this.options.streams
        ? this.invokeStreamed(call, this.options.streams)
        : this.invokeBuffered(call));
      await this.answer(fn, invocation, res);
    } catch (error) {
      if (error instanceof BodyTooLarge) {
        send(res, 413, { headers: { Connection: 'close' } });
        req.resume();
      } else if (res.headersSent) {
        this.options.log.warn({ function: fn.name }, `The answer was cut off: ${messageOf(error)}`);
        res.destroy();
      } else {
        send(res, 500);
      }
    }
  }

  /** Cuts answers that go on and on (event streams). */
  endStreams(): void {
    for (const res of this.streaming) res.destroy();
  }

  private async invokeBuffered(call: Parameters<HttpTrigger['handle']>[0]): Promise<Invocation> {
    const { fn, params, url, req } = call;
    const body = await readBody(req, this.options.bodyLimitBytes);
    const http = toRpcHttp({ req, url, params, body });
    return this.options.worker.invoke(fn, {
      ...traceOf(req),
      inputData: [{ name: fn.trigger.name, data: { http } }, ...this.options.inputs.of(fn)],
    });
  }

  private invokeStreamed(
    call: Parameters<HttpTrigger['handle']>[0],
    streams: HttpStreams,
  ): Promise<Invocation> {
    const { fn, params, req, res } = call;
    const invocationId = randomUUID();
    const triggerMetadata = streamMetadata(req, params);
    streams.offer(invocationId, req, res);
    this.track(res);
    return this.options.worker.invoke(fn, {
      ...traceOf(req),
      invocationId,
      triggerMetadata,
      inputData: [{ name: fn.trigger.name, data: { http: {} } }, ...this.options.inputs.of(fn)],
    });
  }

  private async answer(fn: RegisteredFunction, invocation: Invocation, res: ServerResponse): Promise<void> {
    // An app that reaches services in its own process is told before the disk is: its caller is not.
    await this.options.store.durable();
    const body = this.options.streams ? undefined : streamedBody(invocation.result);
    const response = await invocation.response(body ? withoutBody(invocation.result) : invocation.result);
    await this.options.outputs.write(fn, response);
    if (res.writableEnded) return;
    const http: RpcHttp | undefined = response.returnValue?.http;
    if (!http) {
      // A function that returned nothing: 204 on the real host.
      send(res, 204);
      return;
    }
    const { status, headers } = responseHead(http);
    if (!body) {
      send(res, status, { headers, ...(http.body?.bytes && { body: http.body.bytes }) });
      return;
    }
    this.track(res);
    res.writeHead(status, headers);
    await pump(res, body);
  }

  private track(res: ServerResponse): void {
    this.streaming.add(res);
    res.once('close', () => this.streaming.delete(res));
  }
}

function streamedBody(result: unknown): ReturnType<typeof asReadable> {
  return typeof result === 'object' && result !== null && 'body' in result
    ? asReadable(result.body)
    : undefined;
}

function withoutBody(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  const { status, headers, cookies } = result as Record<string, unknown>;
  return {
    ...(status !== undefined && { status }),
    ...(headers !== undefined && { headers }),
    ...(cookies !== undefined && { cookies }),
  };
}

function traceOf(req: IncomingMessage): { traceParent?: string; traceState?: string } {
  const { traceparent, tracestate } = req.headers;
  return {
    ...(typeof traceparent === 'string' && { traceParent: traceparent }),
    ...(typeof tracestate === 'string' && { traceState: tracestate }),
  };
}
