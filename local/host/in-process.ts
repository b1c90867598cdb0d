/** A request from the app to a service that runs in its own process: no socket, no signature. Header names in lower case. */
export interface InProcessRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

export interface InProcessAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

/**
 * Answers writes before they are on disk: whatever then leaves the process (an answer, a message, a settlement) waits for the disk, and
 * one barrier covers all that was written before it. Reads show only what is on disk.
 */
export type InProcessService = (request: InProcessRequest) => Promise<InProcessAnswer>;

/** Where an app declares activities and Service Bus functions whose effects all go to such services; called with their names while the app loads. */
const INSIDE = Symbol.for('functions-host.inside');

/** Takes down what the app declares, until `leave`. */
export function hearDeclarations(process: NodeJS.Process): { declared: ReadonlySet<string>; leave(): void } {
  const declared = new Set<string>();
  const hear = (activities: string[]): void => activities.forEach((name) => declared.add(name));
  Reflect.set(process, INSIDE, hear);
  return {
    declared,
    leave() {
      if (Reflect.get(process, INSIDE) === hear) Reflect.deleteProperty(process, INSIDE);
    },
  };
}

/** Where an app finds the services of its own process; called with a URL. */
const SERVICES = Symbol.for('functions-host.services');

/** Offers services by their origin (`http://host:port`). @returns what takes the offer back. */
export function offerServices(
  process: NodeJS.Process,
  services: ReadonlyMap<string, InProcessService>,
): () => void {
  const find = (url: string): InProcessService | undefined => services.get(new URL(url).origin);
  Reflect.set(process, SERVICES, find);
  return () => {
    if (Reflect.get(process, SERVICES) === find) Reflect.deleteProperty(process, SERVICES);
  };
}
