import { z } from 'zod';
import { answerSchemas, requestSchemas } from '../../contracts/openapi/schema-names';

export type Json = Record<string, unknown>;

const ROOT = '#/components/schemas/';

/** Schemas of one direction: `input` is what callers send, `output` what they are answered. */
class SchemaSet {
  private readonly registry = z.registry<{ id: string }>();

  constructor(
    schemas: Readonly<Record<string, z.ZodType>>,
    private readonly io: 'input' | 'output',
  ) {
    for (const [id, schema] of Object.entries(schemas)) this.registry.add(schema, { id });
  }

  /** Name → JSON Schema (draft 2020-12), those with a name referring to each other. */
  components(): Json {
    const { schemas } = z.toJSONSchema(this.registry, {
      uri: (id) => `${ROOT}${id}`,
      io: this.io,
      override: tidy,
    });
    return Object.fromEntries(
      Object.entries(schemas).map(([id, { $id: _id, $schema: _dialect, ...schema }]) => [id, schema]),
    );
  }

  /** @throws Error when the schema has no name in contracts/openapi/schema-names.ts. */
  refer(schema: z.ZodType): Json {
    const id = this.registry.get(schema)?.id;
    if (id === undefined) throw new Error('The schema has no name in contracts/openapi/schema-names.ts.');
    return { $ref: `${ROOT}${id}` };
  }
}

export const requests = new SchemaSet(requestSchemas, 'input');
export const answers = new SchemaSet(answerSchemas, 'output');

/** Schema of a parameter: small, so written out where it is used. */
export function parameterSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', override: tidy });
  return rest;
}

/** Leaves out what only repeats the type, and lets answers grow: a client must accept properties it does not know. */
function tidy({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Json }): void {
  const { def } = (zodSchema as z.core.$ZodTypes)._zod;
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema['additionalProperties'];
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  if (def.type === 'record') delete jsonSchema['propertyNames'];
}
