import type { TableServiceClientOptions } from '@azure/data-tables';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { hostService, type HostService } from '../host-services';

type HttpClient = NonNullable<TableServiceClientOptions['httpClient']>;

/** The tables that a connection string names, when they run in this process: the client's requests go there without a socket. */
export function tablesInProcess(
  connectionString: string,
): { url: string; service: HostService; options: TableServiceClientOptions } | undefined {
  const url = /(?:^|;)\s*TableEndpoint=([^;]+)/i.exec(connectionString)?.[1];
  const service = url === undefined ? undefined : hostService(url);
  if (url === undefined || !service) return undefined;
  const httpClient: HttpClient = {
    async sendRequest(request) {
      const { method, url: target, headers, body } = request;
      const answer = await service({
        method,
        url: target,
        headers: headers.toJSON(),
        body: typeof body === 'string' ? body : undefined,
      });
      return {
        request,
        status: answer.status,
        headers: createHttpHeaders(answer.headers),
        bodyAsText: answer.body ?? null,
      };
    },
  };
  return { url, service, options: { httpClient, allowInsecureConnection: true } };
}
