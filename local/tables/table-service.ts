import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import type { Store } from '../store/store';
import { jsonType, metadataOf, type TableAnswer } from './answer';
import { formatBatch, parseBatch, type BatchAnswer } from './batch';
import { checkKey, parseBody } from './entity';
import { entityBody, entityPath, pageBody, type JsonContext, type Metadata } from './entity-json';
import { queryEntities, selectOf } from './entity-query';
import type { EntityRow, EntityStore } from './entity-store';
import { etagOf, type ChangeTimes } from './entity-time';
import { applyWrite, readWrite, type EntityWrite } from './entity-writes';
import { rightsFor, type Permit } from './permit';
import { parseResource, type Resource } from './route';
import { createTable, deleteTable, listTables, showTable } from './table-list';
import { errorBody, TableError, tableErrors } from './table-error';

/** An authenticated request. */
export interface TableRequest {
  id: string;
  method: string;
  /** Below the account, still encoded. */
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** `http://host:port/account`. */
  baseUrl: string;
  permit: Permit;
}

export interface TableServiceOptions {
  store: Store;
  entities: EntityStore;
  times: ChangeTimes;
  account: string;
}

/** The Table service's operations: each takes a request to its answer synchronously. */
export class TableService {
  constructor(private readonly options: TableServiceOptions) {}

  /** @throws TableError for everything that is not answered with success. */
  handle(request: TableRequest): TableAnswer {
    const query = new URLSearchParams(request.query);
    if (query.has('comp') || query.has('restype')) {
      throw tableErrors.notImplemented('Access policies, service properties and statistics are not offered.');
    }
    const resource = parseResource(request.path);
    const method = methodOf(request);
    if (resource.kind === 'batch') {
      if (method !== 'POST') throw tableErrors.methodNotAllowed(method);
      return this.batch(request);
    }
    const metadata = metadataOf(request.headers.accept, query.get('$format'));
    if (resource.kind === 'tables' || resource.kind === 'table') {
      return this.tables(request, method, resource, metadata, query);
    }
    const context = this.jsonContext(request, metadata, resource.table, query);
    if (method === 'GET') return this.read(resource, context, query, request.permit);
    const ifMatch = request.headers['if-match'];
    const write = readWrite({ method, resource, ifMatch, body: request.body });
    if (!write) throw tableErrors.methodNotAllowed(method);
    checkPermit(request.permit, write);
    const row = this.options.store.write(() => this.apply(write));
    return { ...writeAnswer(write, row, context, request.headers.prefer), changed: true };
  }

  private apply(write: EntityWrite): EntityRow | undefined {
    return applyWrite(this.options.entities, this.options.times, write);
  }

  private tables(
    request: TableRequest,
    method: string,
    resource: Extract<Resource, { kind: 'tables' | 'table' }>,
    metadata: Metadata,
    query: URLSearchParams,
  ): TableAnswer {
    const { store, entities, account } = this.options;
    const context = { entities, metadata, account, baseUrl: request.baseUrl };
    if (resource.kind === 'tables') {
      if (method === 'GET') {
        request.permit.tables('list');
        return listTables(context, query);
      }
      if (method !== 'POST') throw tableErrors.methodNotAllowed(method);
      request.permit.tables('create');
      const { TableName: name } = parseBody(request.body);
      return { ...store.write(() => createTable(context, name, request.headers.prefer)), changed: true };
    }
    if (method === 'GET') {
      request.permit.tables('list');
      return showTable(context, resource.name);
    }
    if (method !== 'DELETE') throw tableErrors.methodNotAllowed(method);
    request.permit.tables('delete');
    return { ...store.write(() => deleteTable(context, resource.name)), changed: true };
  }

  private read(
    resource: Extract<Resource, { kind: 'entities' | 'entity' }>,
    context: JsonContext,
    query: URLSearchParams,
    permit: Permit,
  ): TableAnswer {
    const { entities } = this.options;
    permit.entities(resource.table, 'r');
    const table = entities.tableId(resource.table);
    if (table === undefined) throw tableErrors.tableNotFound(resource.table);
    const contentType = jsonType(context.metadata);
    if (resource.kind === 'entity') {
      checkKey(resource.key);
      if (!permit.covers(resource.key)) throw tableErrors.outOfPermit();
      const row = entities.get(table, resource.key);
      if (!row) throw tableErrors.resourceNotFound();
      return {
        status: 200,
        headers: { 'Content-Type': contentType, ETag: etagOf(row.changedUs) },
        body: entityBody(row, context),
      };
    }
    const { rows, headers } = queryEntities(entities, table, query, (row) => permit.covers(row));
    return {
      status: 200,
      headers: { 'Content-Type': contentType, ...headers },
      body: pageBody(rows, context),
    };
  }

  /** An entity group transaction: all parts in one savepoint; the first that fails undoes all and is the answer. */
  private batch(request: TableRequest): TableAnswer {
    const { store, account } = this.options;
    const answers: BatchAnswer[] = [];
    let index = 0;
    try {
      const parts = parseBatch(request.headers['content-type'] ?? '', request.body, account);
      const rows = new Set<string>();
      store.write(() => {
        let partition: string | undefined;
        for (; index < parts.length; index += 1) {
          const part = parts[index];
          if (!part) break;
          const resource = parseResource(part.url.split('?', 1)[0] ?? '');
          const ifMatch = part.headers.get('if-match');
          const write = readWrite({ method: part.method, resource, ifMatch, body: part.body });
          if (!write) throw tableErrors.notImplemented('A change set holds writes of entities only.');
          checkPermit(request.permit, write);
          partition ??= `${write.table.toLowerCase()}/${write.key.partitionKey}`;
          if (partition !== `${write.table.toLowerCase()}/${write.key.partitionKey}`) {
            throw tableErrors.differentPartitions();
          }
          if (rows.has(write.key.rowKey)) throw tableErrors.duplicateRow(write.key.rowKey);
          rows.add(write.key.rowKey);
          const metadata = metadataOf(part.headers.get('accept'), null);
          const context = this.jsonContext(request, metadata, write.table, new URLSearchParams());
          answers.push(
            partAnswer(writeAnswer(write, this.apply(write), context, part.headers.get('prefer'))),
          );
        }
      });
      return { ...batchAnswer(answers), changed: true };
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      const body = errorBody(error, request.id, `${index}:`);
      const headers = { 'Content-Type': jsonType('minimal'), 'x-ms-error-code': error.code };
      return batchAnswer([partAnswer({ status: error.status, headers, body })]);
    }
  }

  private jsonContext(
    request: TableRequest,
    metadata: Metadata,
    table: string,
    query: URLSearchParams,
  ): JsonContext {
    const select = selectOf(query);
    const { account } = this.options;
    return { metadata, baseUrl: request.baseUrl, account, table, ...(select && { select }) };
  }
}

function checkPermit(permit: Permit, write: EntityWrite): void {
  permit.entities(write.table, rightsFor(write));
  if (!permit.covers(write.key)) throw tableErrors.outOfPermit();
}

function methodOf({ method, headers }: TableRequest): string {
  const override = headers['x-http-method'];
  return method === 'POST' && typeof override === 'string' ? override.toUpperCase() : method;
}

function writeAnswer(
  write: EntityWrite,
  row: EntityRow | undefined,
  context: JsonContext,
  prefer: string | string[] | undefined,
): TableAnswer {
  if (!row) return { status: 204, headers: {} };
  const headers: Record<string, string> = { ETag: etagOf(row.changedUs) };
  if (write.kind !== 'insert') return { status: 204, headers };
  const location = `${context.baseUrl}/${entityPath(context.table, row)}`;
  Object.assign(headers, { Location: location, DataServiceId: location });
  if (prefer === 'return-no-content') {
    return { status: 204, headers: { ...headers, 'Preference-Applied': prefer } };
  }
  if (prefer === 'return-content') headers['Preference-Applied'] = prefer;
  headers['Content-Type'] = jsonType(context.metadata);
  return { status: 201, headers, body: entityBody(row, context) };
}

function partAnswer({ status, headers, body }: TableAnswer): BatchAnswer {
  const common = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' };
  const reason = STATUS_CODES[status] ?? '';
  return { status, reason, headers: { ...common, ...headers }, ...(body !== undefined && { body }) };
}

function batchAnswer(answers: readonly BatchAnswer[]): TableAnswer {
  const { contentType, body } = formatBatch(answers);
  return { status: 202, headers: { 'Content-Type': contentType }, body };
}
