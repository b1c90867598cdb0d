import { isObject, type JsonObject } from '../expressions/values';

/** Actions whose outputs are an object with a `body` there, and the value itself here. */
const DATA_OPERATIONS: ReadonlySet<unknown> = new Set(['Select', 'Query', 'Table', 'Join', 'ParseJson']);

export function isDataOperation({ type }: JsonObject): boolean {
  return DATA_OPERATIONS.has(type);
}

/** Without what only the designer of the other system reads, and what only its syntax asks for. */
export function withoutDesign(action: JsonObject): JsonObject {
  const { inputs, type } = action;
  if (!isObject(inputs)) return action;
  if (type === 'ParseJson') return { ...action, inputs: { ...inputs, schema: unescaped(inputs['schema']) } };
  if (type !== 'Response') return action;
  const { schema: _schema, ...rest } = inputs;
  return { ...action, inputs: rest };
}

/** A schema has no expressions here: `@@odata.type` is `@odata.type`, as a value and as a name. */
function unescaped(schema: unknown): unknown {
  if (typeof schema === 'string') return schema.replace(/^@@/, '@');
  if (Array.isArray(schema)) return schema.map(unescaped);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name.replace(/^@@/, '@'), unescaped(value)]),
  );
}
