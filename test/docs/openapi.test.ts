import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operations } from '../../contracts/openapi/operations';
import { openapiDocument, openapiText } from '../../functions/api-docs/openapi-document';
import { createInMemoryPorts } from '../support/in-memory-ports';
import { OpenApiRules, operationsOf } from './support/openapi-rules';
import { RegisteredRoutes } from './support/registered-routes';

const mockFunctions = new RegisteredRoutes();
const mockPorts = createInMemoryPorts();
jest.mock('@azure/functions-core', () => mockFunctions.core, { virtual: true });
jest.mock('../../adapters/ports-factory', () => ({ createPorts: () => mockPorts }));

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

it('docs/api/openapi.json is what the contracts make', () => {
  // When this fails: npm run build && npm run docs
  expect(read('docs/api/openapi.json')).toBe(openapiText());
});

it('every HTTP function of app.ts is described, as it is registered, and no other', () => {
  jest.requireActual('../../app');
  const levels = { key: 'function', machine: 'anonymous', anyone: 'anonymous' };
  const described = operations.map(({ name, method, route, access }) => ({
    name,
    method,
    route,
    authLevel: levels[access],
  }));
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  // What is missing here stands in contracts/openapi for the other operations.
  expect(described.sort(byName)).toEqual(mockFunctions.routes.sort(byName));
});

it('is an OpenAPI 3.1 document, and every example fits its schema', () => {
  expect(new OpenApiRules(openapiDocument()).check()).toEqual([]);
});

it('every body of bytes has an example, unless no text can show it', () => {
  const without = operations.filter(({ body }) => body?.kind === 'bytes' && body.example === undefined);
  expect(without.map(({ body }) => body?.kind === 'bytes' && body.type)).toEqual(['application/zip']);
});

it('carries the version of the product', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(openapiDocument()['info']).toMatchObject({ version });
});

it('names what generated clients call: one method of a readable name for each operation', () => {
  const ids = operationsOf(openapiDocument()).map(({ operationId }) => String(operationId));
  expect(ids).toHaveLength(operations.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][a-zA-Z]+$/);
});

it('never shows a secret that could be one', () => {
  expect(openapiText()).not.toMatch(/PRIVATE KEY|AccountKey=|sig=[A-Za-z0-9%]/);
});
