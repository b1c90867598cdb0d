import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import type { AddressGuard } from './address-guard';

export interface GuardedRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** For the whole exchange (ms of real time). */
  timeoutMs: number;
  /** The answer is read up to here; a longer one is an error. */
  maxBytes: number;
}

export interface GuardedAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Requests to addresses that people have written. */
export interface GuardedHttp {
  /**
   * Redirects are answers like any other: they are not followed.
   * @throws AddressBlocked when the address is internal or no https address
   * @throws Error with `name` TimeoutError, with `code` of the network's error, or when the answer is too long
   */
  send(request: GuardedRequest): Promise<GuardedAnswer>;
  /** Why requests to it are never sent; undefined when that depends on what its name leads to. */
  problemOf(url: string): string | undefined;
}

/** The address may not be reached. */
export class AddressBlocked extends Error {
  override readonly name = 'AddressBlocked';
}

/** What a name leads to is judged at the moment of connecting, so that an answer of DNS cannot change in between. */
export function createGuardedHttp(guard: AddressGuard, lookup: LookupFunction = systemLookup): GuardedHttp {
  return { problemOf, send };

  function problemOf(text: string): string | undefined {
    if (!URL.canParse(text)) return 'is no address (URL)';
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is no http(s) address';
    if (url.username !== '' || url.password !== '') return 'must not hold a user or password';
    const host = hostOf(url);
    if (isIP(host) !== 0 && !guard.allows(host)) return 'is an internal address';
    // A name's plain-HTTP address is judged when it is looked up.
    if (url.protocol === 'http:' && isIP(host) !== 0 && !guard.allowsPlainHttp(host))
      return 'must begin with https://';
    return undefined;
  }

  async function send(wanted: GuardedRequest): Promise<GuardedAnswer> {
    const problem = problemOf(wanted.url);
    if (problem) throw new AddressBlocked(`The address ${problem}.`);
    const url = new URL(wanted.url);
    const plain = url.protocol === 'http:';
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (plain ? httpRequest : httpsRequest)(url, {
        method: wanted.method,
        headers: { ...wanted.headers, 'accept-encoding': 'identity', connection: 'close' },
        agent: false,
        signal: AbortSignal.timeout(wanted.timeoutMs),
        lookup: guardedLookup(plain),
      });
      request.once('response', resolve);
      request.once('error', (cause: Error) =>
        reject(cause.name === 'AbortError' ? timeoutOf(wanted) : cause),
      );
      request.end(wanted.body);
    });
    return answerOf(message, wanted);
  }

  function guardedLookup(plain: boolean): LookupFunction {
    return (hostname, options, callback) => {
      lookup(hostname, { ...options, all: true }, (error, found) => {
        const addresses = addressesOf(found);
        const good = addresses.filter(({ address }) =>
          plain ? guard.allowsPlainHttp(address) : guard.allows(address),
        );
        const [first] = good;
        if (error) callback(error, '', 0);
        else if (!first) callback(new AddressBlocked(blockedWords(hostname, plain)), '', 0);
        else if (options.all) callback(null, good);
        else callback(null, first.address, first.family);
      });
    };
  }
}

function blockedWords(hostname: string, plain: boolean): string {
  return plain
    ? `The address must begin with https://, for ${hostname} is not among the allowed internal addresses.`
    : `${hostname} leads to an internal address.`;
}

function addressesOf(found: string | LookupAddress[]): LookupAddress[] {
  return typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

async function answerOf(message: IncomingMessage, wanted: GuardedRequest): Promise<GuardedAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > wanted.maxBytes) throw new Error(`The answer is longer than ${wanted.maxBytes} bytes.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof Error && cause.name === 'AbortError' ? timeoutOf(wanted) : cause;
  } finally {
    message.destroy();
  }
  const headers = Object.entries(message.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return {
    status: message.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks),
  };
}

function timeoutOf({ timeoutMs }: GuardedRequest): Error {
  return new DOMException(`No whole answer came within ${timeoutMs} ms.`, 'TimeoutError');
}
