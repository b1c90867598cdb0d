import { createHash } from 'node:crypto';
import type { HttpRequest } from '@azure/functions';
import type { z } from 'zod';
import { noteFields } from './access/audit-notes';
import { fieldErrors, RequestError } from './problem';

/** The body's bytes. @throws RequestError BodyTooLarge, before more than `limit` bytes are held. */
export async function readBytes(request: HttpRequest, limit: number): Promise<Uint8Array> {
  const tooLarge = (): RequestError =>
    new RequestError('BodyTooLarge', { detail: `The body is over the limit of ${limit} bytes.` });
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as JSON; nothing at all is `{}`. @throws RequestError BodyTooLarge, MalformedJson */
export async function readJson(request: HttpRequest, limit: number): Promise<unknown> {
  const body = parseJson(await readBytes(request, limit));
  noteFields(request, body);
  return body;
}

/** @throws RequestError MalformedJson */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RequestError('MalformedJson', {
      detail: cause instanceof Error ? cause.message : String(cause),
    });
  }
}

/** @throws RequestError InvalidBody that names each wrong place. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new RequestError('InvalidBody', { errors: fieldErrors(parsed.error.issues) });
  return parsed.data;
}

/** Parameters of the Functions host: a function's key, and the name of that key. */
const OF_HOST: ReadonlySet<string> = new Set(['code', 'clientId']);

/** @throws RequestError InvalidQuery that names each wrong parameter. */
export function parseQuery<T>(schema: z.ZodType<T>, request: HttpRequest): T {
  const given = [...request.query].filter(([name]) => !OF_HOST.has(name));
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw new RequestError('InvalidQuery', { errors: fieldErrors(parsed.error.issues) });
  return parsed.data;
}

export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
