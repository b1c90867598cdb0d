import type { HostService, ServiceAnswer } from '../host-services';
import type { Columns, Key, StoredRow } from './row';

const ROW = 'application/json;odata=nometadata';
const SYSTEM = new Set(['PartitionKey', 'RowKey', 'Timestamp']);

/**
 * Reads and writes single rows of a table in this process by the requests that the vendor's client would make. Its pipeline (policies,
 * tracing, serialisers) is left out: it takes longer than the table itself.
 */
export class RowRequests {
  constructor(
    private readonly service: HostService,
    /** `<endpoint of the tables>/<name>`. */
    private readonly url: string,
  ) {}

  /** @returns false when a row of this key exists. */
  async insert(key: Key, columns: Columns): Promise<boolean> {
    const answer = await this.write('POST', this.url, { key, columns, prefer: 'return-no-content' });
    return isDone(answer, 409);
  }

  async get(key: Key): Promise<StoredRow | undefined> {
    const answer = await this.service({
      method: 'GET',
      url: this.rowUrl(key),
      headers: { accept: ROW },
      body: undefined,
    });
    if (!isDone(answer, 404)) return undefined;
    const columns: Columns = {};
    for (const [name, value] of Object.entries(JSON.parse(answer.body ?? '{}') as Columns)) {
      if (!SYSTEM.has(name)) columns[name] = value;
    }
    return { ...key, etag: etagOf(answer), columns };
  }

  async merge(key: Key, columns: Columns): Promise<void> {
    isDone(await this.write('PATCH', this.rowUrl(key), { key, columns }));
  }

  async put(key: Key, columns: Columns): Promise<void> {
    isDone(await this.write('PUT', this.rowUrl(key), { key, columns }));
  }

  /** @returns the new ETag, or undefined when the row is not what `etag` names. */
  async replace(key: Key, columns: Columns, etag: string): Promise<string | undefined> {
    const answer = await this.write('PUT', this.rowUrl(key), { key, columns, 'if-match': etag });
    return isDone(answer, 412) ? etagOf(answer) : undefined;
  }

  private write(
    method: string,
    url: string,
    { key, columns, ...headers }: { key: Key; columns: Columns } & Record<string, unknown>,
  ): Promise<ServiceAnswer> {
    return this.service({
      method,
      url,
      headers: { accept: ROW, 'content-type': ROW, ...(headers as Record<string, string>) },
      body: JSON.stringify({ ...columns, PartitionKey: key.partition, RowKey: key.row }),
    });
  }

  private rowUrl({ partition, row }: Key): string {
    return `${this.url}(PartitionKey='${quoted(partition)}',RowKey='${quoted(row)}')`;
  }
}

function quoted(text: string): string {
  return encodeURIComponent(text.replaceAll("'", "''"));
}

/** @returns false for the status `unless`. @throws Error with `statusCode`, as the vendor's client, for any other refusal. */
function isDone({ status, body }: ServiceAnswer, unless?: number): boolean {
  if (status < 300) return true;
  if (status === unless) return false;
  throw Object.assign(new Error(`The table answered ${status}: ${body ?? ''}`), { statusCode: status });
}

function etagOf({ headers }: ServiceAnswer): string {
  return headers['ETag'] ?? '*';
}
