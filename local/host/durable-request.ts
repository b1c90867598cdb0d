import type { Clock } from '../clock';
import type { DurableEngine, FunctionInvoker } from '../durable/engine-api';
import type { HubInfo } from './durable-links';

/** One request to the management API; both ports (public webhook, loopback RPC) speak in these. */
export interface ApiRequest {
  method: string;
  /** Path segments below the base path, decoded. */
  segments: string[];
  query: URLSearchParams;
  header(name: string): string | undefined;
  /** Scheme, host and port that the caller used. */
  origin: string;
  /** The whole URL that the caller used. */
  url: string;
  /** Undefined when the request has no body. */
  body(): Promise<string | undefined>;
  /** Came in on the loopback port: lists then always carry the continuation header, if empty. */
  rpc: boolean;
}

export interface DurableApiOptions {
  engine: DurableEngine;
  invoker: FunctionInvoker;
  clock: Clock;
  info: HubInfo;
}

/** The continuation header: on the public port only while there is more, on the loopback port always. */
export function continuation(
  request: ApiRequest,
  token: string | undefined,
): Record<string, string> | undefined {
  if (token === undefined && !request.rpc) return undefined;
  return { 'x-ms-continuation-token': token ?? '' };
}
