import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { messageOf } from '../errors';
import { proxyFor, type ProxySettings } from './proxy';

/** `fetch` that goes over a proxy (CONNECT) where one stands before the address. Node's own knows none. */
export function proxyFetch(settings: ProxySettings): typeof fetch {
  return (input, init) => {
    const request = new Request(input, init);
    const proxy = proxyFor(new URL(request.url), settings);
    return proxy === undefined ? fetch(input, init) : send(request, proxy, lengthOf(init?.body));
  };
}

/** Known lengths are told: not every server takes a body in chunks. */
function lengthOf(body: unknown): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Blob ? body.size : undefined;
}

async function send(request: Request, proxy: string, length: number | undefined): Promise<Response> {
  const { method, url, signal } = request;
  const start = url.startsWith('https:') ? requestHttps : requestHttp;
  const headers = {
    ...Object.fromEntries(request.headers),
    ...(length === undefined ? {} : { 'content-length': String(length) }),
  };
  const outgoing = start(url, { method, headers, signal, agent: new HttpsProxyAgent(proxy) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    // Else the answer of the proxy would be taken for that of the control plane.
    outgoing.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode === 200) return;
      const why = statusCode === 407 ? 'it wants a user and password' : 'it refuses this address';
      outgoing.destroy(new Error(`The proxy ${new URL(proxy).host} answered ${statusCode}: ${why}.`));
    });
  });
  answered.catch(() => undefined);
  if (request.body === null) outgoing.end();
  else {
    const body = Readable.fromWeb(request.body as NodeReadableStream<Uint8Array>);
    await pipeline(body, outgoing).catch((error: unknown) => outgoing.destroy(new Error(messageOf(error))));
  }
  const answer = await answered;
  const { statusCode: status = 502, statusMessage: statusText = '' } = answer;
  const empty = method === 'HEAD' || status === 204 || status === 304;
  const body = empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  return new Response(body, { status, statusText, headers: headersOf(answer) });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  return headers;
}
