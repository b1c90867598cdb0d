import { agentHeaders } from '../../contracts/agent-api';
import {
  tags,
  type Answer,
  type Content,
  type Operation,
  type Parameters,
} from '../../contracts/openapi/operation';
import { operations } from '../../contracts/openapi/operations';
import { groupBy } from '../../domain/group-by';
import { errorExamples, errorResponses, sharedResponses } from './openapi-errors';
import { answers, parameterSchema, requests, type Json } from './openapi-schemas';

/** Of the API; equal to the product's version. */
const VERSION = '0.1.0';

const DESCRIPTION = `Attendant runs desktop automations on many machines.

Errors are answered as \`application/problem+json\` (RFC 9457) with a stable \`code\` and a \`remedy\`; docs/errors.md lists all codes.
Instants are ISO 8601 in UTC. Answers may gain properties; a client should let those pass that it does not know.`;

/** The API's description in OpenAPI 3.1, made of the table in contracts/openapi. */
export function openapiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Attendant',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The host that serves this document.' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: paths(),
    components: {
      schemas: { ...requests.components(), ...answers.components() },
      responses: sharedResponses(operations),
      examples: errorExamples(operations),
      securitySchemes,
    },
  };
}

/** Text of docs/api/openapi.json. */
export function openapiText(): string {
  return `${JSON.stringify(openapiDocument(), undefined, 2)}\n`;
}

function paths(): Json {
  const byRoute = groupBy(operations, ({ route }) => `/api/${route}`);
  return Object.fromEntries(
    [...byRoute].map(([path, all]) => [
      path,
      Object.fromEntries(
        all.map((operation) => [operation.method.toLowerCase(), operationObject(operation)]),
      ),
    ]),
  );
}

function operationObject(operation: Operation): Json {
  const { name, tag, summary, description, access, path, query, headers, body } = operation;
  const parameters = [
    ...parameterObjects('path', path),
    ...parameterObjects('query', query),
    ...parameterObjects('header', headers),
  ];
  return {
    operationId: name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase()),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: security[access],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body ? { requestBody: { required: body.required, content: contentObject(body, requests) } } : {}),
    responses: {
      ...Object.fromEntries(operation.answers.map((given) => [String(given.status), responseObject(given)])),
      ...errorResponses(operation),
    },
  };
}

function parameterObjects(location: string, parameters: Parameters | undefined): Json[] {
  return Object.entries(parameters?.schema.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = parameterSchema(schema);
    const example = parameters?.example[name];
    return {
      name,
      in: location,
      required: location === 'path' || !schema.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(example === undefined ? {} : { example }),
    };
  });
}

function responseObject({ what, content, headers }: Answer): Json {
  const described = Object.entries(headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    description: what,
    ...(headers ? { headers: Object.fromEntries(described) } : {}),
    ...(content ? { content: contentObject(content, answers) } : {}),
  };
}

function contentObject(content: Content, schemas: typeof requests): Json {
  if (content.kind === 'json') {
    return { 'application/json': { schema: schemas.refer(content.schema), example: content.example } };
  }
  // Bytes have no schema (OpenAPI 3.1, "Considerations for File Uploads").
  return { [content.type]: content.example === undefined ? {} : { example: content.example } };
}

const signature = (name: string, description: string): Json => ({
  type: 'apiKey',
  in: 'header',
  name,
  description,
});

const securitySchemes: Json = {
  functionKey: signature(
    'x-functions-key',
    'A function key. On a laptop `attendant key` shows it; on Azure it is a key of the Function App.',
  ),
  machine: signature(agentHeaders.machine, 'Id of the machine that signs.'),
  machineTime: signature(agentHeaders.time, 'Time of the request, at most five minutes off.'),
  machineSignature: signature(
    agentHeaders.signature,
    'Ed25519 signature, base64, over the lines `attendant-request-1`, method, path, machine, time and the hex SHA-256 of the body, joined by line feeds.',
  ),
};

const security: Record<Operation['access'], Json[]> = {
  key: [{ functionKey: [] }],
  machine: [{ machine: [], machineTime: [], machineSignature: [] }],
  anyone: [],
};
