import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { openStore, type Store } from '../../../local/store/store';
import { startTables, type Tables, type TablesOptions } from '../../../local/tables/tables';

export const KEY = Buffer.from('a key for tests').toString('base64');
export const ACCOUNT = 'devstoreaccount1';

/** Tables on a store in memory; `stop` closes both. */
export async function startForTest(
  options: Partial<TablesOptions> = {},
): Promise<{ tables: Tables; store: Store; stop: () => Promise<void> }> {
  const store = options.store ?? openStore(':memory:');
  const tables = await startTables({ key: KEY, ...options, store });
  return {
    tables,
    store,
    async stop() {
      await tables.stop();
      await store.close();
    },
  };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  /** Code of an OData error, if the body is one. */
  code: string | undefined;
}

export interface RawRequest {
  method: string;
  /** Path and query below the account. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  scheme?: 'SharedKey' | 'SharedKeyLite' | 'none';
  key?: string;
}

/** A request signed by hand: what no client of the vendor's sends. */
export function sendRaw(tables: Tables, raw: RawRequest): Promise<RawAnswer> {
  const { method, path, body, scheme = 'SharedKeyLite', key = KEY } = raw;
  const date = new Date().toUTCString();
  const headers: Record<string, string> = { 'x-ms-date': date, ...raw.headers };
  const resource = `/${ACCOUNT}/${ACCOUNT}/${path.split('?')[0] ?? ''}${/\?comp=\w+/.exec(path)?.[0] ?? ''}`;
  const full = `${method}\n${headers['Content-MD5'] ?? ''}\n${headers['Content-Type'] ?? ''}\n${date}\n${resource}`;
  const text = scheme === 'SharedKey' ? full : `${date}\n${resource}`;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  if (scheme !== 'none') headers['Authorization'] = `${scheme} ${ACCOUNT}:${signature}`;
  return new Promise((resolve, reject) => {
    const call = request(`${tables.url}/${path}`, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          code: /"code":"(\w+)"/.exec(text)?.[1],
        }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}
