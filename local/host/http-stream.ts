import { EventEmitter } from 'node:events';
import type * as nodeHttp from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeRequire } from './core-module';
import type { ProgrammingModel, RpcTypedData } from './rpc';

/**
 * `app.setup({ enableHttpStream: true })`: on Azure the library opens a server of its own and the host forwards the request
 * to it. Here both live in one process, so the library is given the host's own request and response: no second port, no copy. As there,
 * what the app streams is asked for until it ends, also when the client has gone.
 */
export interface HttpStreams {
  /** Hands one request to the library under the id of its invocation. */
  offer(invocationId: string, req: IncomingMessage, res: ServerResponse): void;
}

/** Asks the model for its capabilities, as the worker does after loading, and takes the place of the server it opens. */
export async function connectHttpStreams(model: ProgrammingModel): Promise<HttpStreams | undefined> {
  if (!model.getCapabilities) return undefined;
  const http = nodeRequire('node:http') as typeof nodeHttp;
  const createServer = http.createServer;
  const server = new StandInServer();
  let asked: Promise<Record<string, string>>;
  try {
    http.createServer = (() => server) as unknown as typeof createServer;
    // The library opens its server before its first await, so the replacement lasts for this call only.
    asked = Promise.resolve(model.getCapabilities({}));
  } finally {
    http.createServer = createServer;
  }
  const capabilities = await asked;
  if (capabilities['HttpUri'] === undefined) return undefined;
  return {
    offer(invocationId, req, res) {
      req.headers['x-ms-invocation-id'] = invocationId;
      req.headers['x-forwarded-host'] = req.headers.host ?? 'localhost';
      req.headers['x-forwarded-proto'] = 'http';
      server.emit('request', req, res);
    },
  };
}

/** The trigger metadata from which the library takes headers and route values of a streamed request. */
export function streamMetadata(
  req: IncomingMessage,
  params: Record<string, string>,
): Record<string, RpcTypedData> {
  const metadata: Record<string, RpcTypedData> = {};
  for (const [name, value] of Object.entries(params)) metadata[name] = { string: value };
  return { ...metadata, Query: { json: '{}' }, Headers: { json: JSON.stringify(req.headers) } };
}

class StandInServer extends EventEmitter {
  listen(listening: () => void): this {
    setImmediate(listening);
    return this;
  }

  address(): { port: number } {
    return { port: 1 };
  }

  close(): this {
    return this;
  }
}
