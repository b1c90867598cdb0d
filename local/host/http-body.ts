import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

/** The request's body is longer than allowed: 413 as on the real host. */
export class BodyTooLarge extends Error {}

/**
 * Collects a request's body.
 * @returns undefined when the request has none
 * @throws BodyTooLarge
 */
export async function readBody(req: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const declared = req.headers['content-length'];
  if (declared === undefined && req.headers['transfer-encoding'] === undefined) return undefined;
  if (declared !== undefined && Number(declared) > limitBytes) throw new BodyTooLarge();
  if (declared === '0') return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length);
}

/** Sends a whole answer at once. */
export function send(
  res: ServerResponse,
  status: number,
  options: { headers?: Record<string, string | string[]>; body?: string | Uint8Array } = {},
): void {
  if (res.destroyed || res.headersSent) return;
  const body = options.body ?? '';
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  const bodiless = status === 204 || status === 304;
  res.writeHead(status, bodiless ? options.headers : { ...options.headers, 'Content-Length': length });
  if (bodiless || length === 0) res.end();
  else res.end(body);
}

/** A body that is produced piece by piece, whatever made it. */
export function asReadable(body: unknown): Readable | undefined {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return undefined;
  if (body instanceof Readable) return body;
  // By behaviour, not by class: the app may live in another realm.
  if ('getReader' in body && typeof body.getReader === 'function') {
    return Readable.fromWeb(body as ReadableStream);
  }
  if (Symbol.asyncIterator in body)
    return Readable.from(body as AsyncIterable<unknown>, { objectMode: false });
  return undefined;
}

/**
 * Sends `body` as it comes. When the client goes away, the body is cancelled.
 * @returns when all is sent or the client is gone
 * @throws what the body threw
 */
export async function pump(res: ServerResponse, body: Readable): Promise<void> {
  res.flushHeaders();
  try {
    await pipeline(body, res);
  } catch (error) {
    if (res.destroyed && isPrematureClose(error)) return;
    throw error;
  }
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
