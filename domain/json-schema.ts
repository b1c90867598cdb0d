import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { contentHash } from '../contracts/ids';

/** One place in a value that does not fit. */
interface SchemaProblem {
  /** Names separated by dots. */
  path: string;
  message: string;
}

/** A schema that people wrote, compiled. Defaults are written into the value that is checked. */
export class JsonSchemaCheck {
  private readonly validate: ValidateFunction;

  /** @throws Error that says what is wrong with the schema. */
  constructor(schema: Record<string, unknown>) {
    // Keywords and formats of other tools are let pass: a schema is also read by forms and editors.
    const ajv = new Ajv2020({ allErrors: true, strict: false, useDefaults: true, logger: false });
    addFormats.default(ajv);
    ajv.addFormat('file', (id: string) => contentHash.safeParse(id).success);
    this.validate = ajv.compile(schema);
  }

  /** What is wrong with `value`; empty when it fits. Fills in defaults. */
  check(value: unknown): SchemaProblem[] {
    return this.validate(value) ? [] : (this.validate.errors ?? []).map(fieldError);
  }
}

/** What is wrong with a schema itself, or undefined. */
export function schemaProblem(schema: Record<string, unknown>): string | undefined {
  try {
    return void new JsonSchemaCheck(schema);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

function fieldError(error: ErrorObject): SchemaProblem {
  const at = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params: Record<string, unknown> = error.params;
  const named = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof named === 'string') at.push(named);
  return { path: at.join('.'), message: messageOf(error, params) };
}

function messageOf(error: ErrorObject, params: Record<string, unknown>): string {
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'additionalProperties') return 'is not an input of this flow';
  if (error.keyword === 'format' && params['format'] === 'file') return 'is not the id of an uploaded file';
  if (error.keyword === 'enum') return `must be one of ${JSON.stringify(params['allowedValues'])}`;
  return error.message ?? 'is not valid';
}

/** Values in `value` that the schema marks as files (`format: file`): properties and items, at any depth. */
export function fileReferences(schema: unknown, value: unknown, path = ''): { path: string; id: string }[] {
  if (!isRecord(schema)) return [];
  if (schema['format'] === 'file' && typeof value === 'string') return [{ path, id: value }];
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => fileReferences(schema['items'], item, below(String(index))));
  }
  const properties = schema['properties'];
  if (!isRecord(properties) || !isRecord(value)) return [];
  return Object.entries(properties).flatMap(([name, property]) =>
    fileReferences(property, value[name], below(name)),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
