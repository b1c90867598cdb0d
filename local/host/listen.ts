import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HostError } from './host-error';

export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Kestrel's, as on the real host: longer than clients keep an idle connection, so that no request meets a connection that just closed.
 */
const KEEP_ALIVE_MS = 130_000;

/**
 * Opens a port at once; requests that come before `serve` wait.
 * @param options.option what the caller's option is called, for the error
 * @throws HostError `PortInUse`
 */
export async function listen(options: {
  host: string;
  port: number;
  option: string;
}): Promise<{ server: Server; serve(handler: RequestHandler): void }> {
  const { host, port, option } = options;
  let handler: RequestHandler | undefined;
  const waiting: [IncomingMessage, ServerResponse][] = [];
  const server = createServer((req, res) => {
    // A connection that was busy when the server was closed becomes idle later: nobody else would end it.
    res.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    if (handler) void handler(req, res);
    else waiting.push([req, res]);
  });
  // Event streams and long polls are meant to stay open.
  server.requestTimeout = 0;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, { host, port, option })));
    server.listen(port, host, resolve);
  });
  return {
    server,
    serve(ready) {
      handler = ready;
      for (const [req, res] of waiting.splice(0)) void ready(req, res);
    },
  };
}

/** Stops taking connections and resolves when the open ones are done; idle ones are closed at once. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** `http://host:port`; a server that listens on every address is reached through loopback. */
export function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen.');
  const host = address.address === '0.0.0.0' || address.address === '::' ? '127.0.0.1' : address.address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

function explain(error: NodeJS.ErrnoException, where: { host: string; port: number; option: string }): Error {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error;
  const why = error.code === 'EACCES' ? 'may not be opened by this user' : 'is in use by another program';
  return new HostError(
    'PortInUse',
    `Port ${where.port} on ${where.host} ${why}. Stop that program, or choose another port with ${where.option} (0 takes any free one).`,
    { cause: error },
  );
}
