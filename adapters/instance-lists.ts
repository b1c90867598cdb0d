import { z } from 'zod';
import { hostService, type ServiceAnswer } from './host-services';

export interface InstanceQuery {
  /** Ids that begin with this. */
  prefix?: string;
  /** Ended ones that were created until then (ms). */
  endedCreatedUntilMs?: number;
  top: number;
  continuation?: string | undefined;
}

export interface InstancePage {
  instances: ListedInstance[];
  continuation?: string;
}

export interface ListedInstance {
  id: string;
  open: boolean;
  /** When it did anything last (ms). */
  updatedMs: number;
}

const ENDED = ['Completed', 'Failed', 'Terminated', 'Canceled'];

const listed = z.array(
  z.object({
    instanceId: z.string(),
    runtimeStatus: z.string(),
    lastUpdatedTime: z.iso.datetime({ offset: true }),
  }),
);
const durableBinding = z.object({ rpcBaseUrl: z.string() });

/**
 * Asks the Durable extension's HTTP API (`GET instances`): the SDK's client asks neither for prefixes nor for pages.
 * https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api#get-all-instances-status
 * @param binding what a function is given for its input binding `durableClient`.
 * @throws when the extension refuses.
 */
export async function listInstances(binding: unknown, query: InstanceQuery): Promise<InstancePage> {
  const { rpcBaseUrl } = durableBinding.parse(binding);
  const url = new URL('instances/', rpcBaseUrl);
  url.searchParams.set('top', String(query.top));
  if (query.prefix !== undefined) url.searchParams.set('instanceIdPrefix', query.prefix);
  if (query.endedCreatedUntilMs !== undefined) {
    url.searchParams.set('createdTimeTo', new Date(query.endedCreatedUntilMs).toISOString());
    url.searchParams.set('runtimeStatus', ENDED.join(','));
  }
  const answer = await get(rpcBaseUrl, url, query.continuation);
  if (answer.status !== 200) throw new Error(`The Durable extension answered ${answer.status} to a list.`);
  const continuation = answer.headers['x-ms-continuation-token'];
  return {
    instances: listed.parse(JSON.parse(answer.body ?? '[]')).map((instance) => ({
      id: instance.instanceId,
      open: !ENDED.includes(instance.runtimeStatus),
      updatedMs: Date.parse(instance.lastUpdatedTime),
    })),
    ...(continuation ? { continuation } : {}),
  };
}

async function get(base: string, url: URL, continuation: string | undefined): Promise<ServiceAnswer> {
  const headers = continuation === undefined ? {} : { 'x-ms-continuation-token': continuation };
  const service = hostService(base);
  if (service) return service({ method: 'GET', url: url.href, headers, body: undefined });
  const answer = await fetch(url, { headers });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
  };
}
