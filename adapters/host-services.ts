/** A request to a service of the host. Header names in lower case. */
export interface ServiceRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface ServiceAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | undefined;
}

export type HostService = (request: ServiceRequest) => Promise<ServiceAnswer>;

/**
 * Where a host that runs tables and the Durable extension in the app's own process (the local host) offers them without a socket between.
 * Other hosts, Azure's too, offer nothing: then requests go over HTTP.
 */
const OFFERED = Symbol.for('functions-host.services');

/** Where such a host takes down what the app declares. */
const INSIDE = Symbol.for('functions-host.inside');

/**
 * Declares activities and Service Bus functions that have no effect but on the app's tables, queues and orchestrations. A host that keeps
 * all of these on one disk need not bring the cause of such a function to it first: cause and effect get there, or are lost, together.
 */
export function declareInside(functions: readonly string[]): void {
  const hear: unknown = Reflect.get(process, INSIDE);
  if (typeof hear === 'function') hear(functions);
}

/** The service at this URL when it runs in this process. */
export function hostService(url: string): HostService | undefined {
  const offered: unknown = Reflect.get(process, OFFERED);
  return typeof offered === 'function' ? (offered(url) as HostService | undefined) : undefined;
}
