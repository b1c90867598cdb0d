import { jsonType, type TableAnswer } from './answer';
import { continuationTable, encodeContinuation } from './continuation';
import type { Metadata } from './entity-json';
import { checkOptions, topOf } from './entity-query';
import type { EntityStore } from './entity-store';
import { matches } from './filter';
import { parseFilter } from './filter-parser';
import { tableErrors } from './table-error';

interface TablesContext {
  entities: EntityStore;
  metadata: Metadata;
  account: string;
  baseUrl: string;
}

const NAME = /^[A-Za-z][A-Za-z0-9]{2,62}$/;

/** `POST /Tables`. @throws TableError InvalidResourceName, TableAlreadyExists. */
export function createTable(
  context: TablesContext,
  name: unknown,
  prefer: string | string[] | undefined,
): TableAnswer {
  if (typeof name !== 'string' || !NAME.test(name) || name.toLowerCase() === 'tables') {
    throw tableErrors.invalidTableName(String(name));
  }
  if (!context.entities.createTable(name)) throw tableErrors.tableAlreadyExists();
  const location = `${context.baseUrl}/Tables('${name}')`;
  const headers: Record<string, string> = { Location: location, DataServiceId: location };
  if (prefer === 'return-no-content') {
    return { status: 204, headers: { ...headers, 'Preference-Applied': prefer } };
  }
  return { ...showBody(context, name), status: 201 };
}

/** `GET /Tables('name')`. @throws TableError ResourceNotFound. */
export function showTable(context: TablesContext, name: string): TableAnswer {
  if (context.entities.tableId(name) === undefined) throw tableErrors.resourceNotFound();
  return showBody(context, name);
}

/** `DELETE /Tables('name')`. @throws TableError ResourceNotFound. */
export function deleteTable(context: TablesContext, name: string): TableAnswer {
  if (!context.entities.deleteTable(name)) throw tableErrors.resourceNotFound();
  return { status: 204, headers: {} };
}

/** `GET /Tables` with `$filter` on TableName, `$top` and continuation. @throws TableError InvalidInput. */
export function listTables(context: TablesContext, query: URLSearchParams): TableAnswer {
  checkOptions(query);
  const text = query.get('$filter');
  const filter = text === null || text.trim() === '' ? undefined : parseFilter(text);
  const matching = context.entities
    .tableNames(continuationTable(query))
    .filter(
      (name) =>
        filter === undefined ||
        matches(filter, (property) =>
          property === 'TableName' ? { kind: 'string', value: name } : undefined,
        ),
    );
  const top = topOf(query);
  const next = matching[top];
  const value = matching.slice(0, top).map((name) => tableMembers(context, name));
  const metadata =
    context.metadata === 'none' ? {} : { 'odata.metadata': `${context.baseUrl}/$metadata#Tables` };
  return {
    status: 200,
    headers: {
      'Content-Type': jsonType(context.metadata),
      ...(next !== undefined && { 'x-ms-continuation-NextTableName': encodeContinuation(next) }),
    },
    body: JSON.stringify({ ...metadata, value }),
  };
}

function showBody(context: TablesContext, name: string): TableAnswer {
  const metadata =
    context.metadata === 'none' ? {} : { 'odata.metadata': `${context.baseUrl}/$metadata#Tables/@Element` };
  return {
    status: 200,
    headers: { 'Content-Type': jsonType(context.metadata) },
    body: JSON.stringify({ ...metadata, ...tableMembers(context, name) }),
  };
}

function tableMembers({ metadata, account, baseUrl }: TablesContext, name: string): Record<string, string> {
  if (metadata !== 'full') return { TableName: name };
  return {
    'odata.type': `${account}.Tables`,
    'odata.id': `${baseUrl}/Tables('${name}')`,
    'odata.editLink': `Tables('${name}')`,
    TableName: name,
  };
}
