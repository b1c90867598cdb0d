import { isIP } from 'node:net';

/** How this machine reaches the outside. */
export interface ProxySettings {
  /** Address of an HTTP proxy; given ones win over those of the environment. */
  proxy?: string | undefined;
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are looked for, in capitals or not. */
  env: NodeJS.ProcessEnv;
}

/**
 * The proxy for an address, as curl and most programs read the environment: HTTPS_PROXY for https and wss, HTTP_PROXY for http, none for
 * what NO_PROXY names (host names, with their subdomains, or `*`). This computer itself is never reached over a proxy.
 */
export function proxyFor(target: URL, { proxy, env }: ProxySettings): string | undefined {
  const host = target.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')))
    return undefined;
  if (isExcepted(host, target.port, valueOf(env, 'NO_PROXY'))) return undefined;
  const name = target.protocol === 'http:' || target.protocol === 'ws:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  return proxy ?? valueOf(env, name);
}

function valueOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

function isExcepted(host: string, port: string, list = ''): boolean {
  const entries = list.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    if (entry === '*') return true;
    const [, name = '', ofPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    const bare = name.replace(/^\*?\./, '');
    if (bare === '' || (ofPort !== undefined && ofPort !== port)) return false;
    return host === bare || host.endsWith(`.${bare}`);
  });
}
