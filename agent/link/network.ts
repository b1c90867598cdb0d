import { parseServiceBusConnectionString, type ServiceBusClientOptions } from '@azure/service-bus';
import { HttpsProxyAgent } from 'https-proxy-agent';
import WebSocket from 'ws';
import type { OpenLink } from './link';
import { proxyFor } from './proxy';
import { proxyFetch } from './proxy-fetch';
import { probeQueue, serviceBusLink } from './service-bus-link';

/** amqp: port 5671. websockets: the same over port 443, which firewalls and proxies let through. */
export const transports = ['amqp', 'websockets'] as const;
export type Transport = (typeof transports)[number];

export interface NetworkOptions {
  /** Address of an HTTP proxy; default: those that the environment names. */
  proxy?: string | undefined;
  /** Default: websockets where a proxy stands before the broker, else amqp. */
  transport?: Transport | undefined;
  env?: NodeJS.ProcessEnv;
  /** PEM of authorities trusted beside those of Node. */
  ca?: string;
}

/** The ways from this machine to the control plane. */
export interface Network {
  fetch: typeof fetch;
  openLink: OpenLink;
  /** @throws what the broker answered. */
  probe(access: { connectionString: string; queue: string }): Promise<void>;
}

export function network({ proxy, transport, env = process.env, ca }: NetworkOptions = {}): Network {
  const settings = { proxy, env };
  const options = (connectionString: string): ServiceBusClientOptions => {
    const { endpoint, fullyQualifiedNamespace } = parseServiceBusConnectionString(connectionString);
    const via = proxyFor(new URL(`wss://${fullyQualifiedNamespace || new URL(endpoint).host}`), settings);
    if ((transport ?? (via === undefined ? 'amqp' : 'websockets')) === 'amqp') return {};
    const agent = via === undefined ? {} : { agent: new HttpsProxyAgent(via) };
    return {
      webSocketOptions: {
        webSocket: WebSocket,
        webSocketConstructorOptions: { ...agent, ...(ca === undefined ? {} : { ca }) },
      },
    };
  };
  return {
    fetch: proxyFetch(settings),
    openLink: serviceBusLink(options),
    probe: (access) => probeQueue(access, options(access.connectionString)),
  };
}
