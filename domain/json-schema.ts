import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { contentHash } from '../contracts/ids';

/** One place in a value that does not fit. */
interface SchemaProblem {
  /** Names separated by dots. */
  path: string;
  message: string;
}

interface CheckOptions {
  /** Defaults are written into the value that is checked; default: true. */
  defaults?: boolean;
  /** Look for all that is wrong, not only for the first; default: true. */
  all?: boolean;
  /** What is said of a property that the schema refuses. */
  unknown?: string;
}

/** A schema that people wrote, compiled. */
export class JsonSchemaCheck {
  private readonly validate: ValidateFunction;
  private readonly unknown: string;

  /** @throws Error that says what is wrong with the schema. */
  constructor(
    schema: Record<string, unknown>,
    { defaults = true, all = true, unknown = 'is not an input of this flow' }: CheckOptions = {},
  ) {
    // Its answer would be a promise, which is true whatever comes of it.
    if (schema['$async'] !== undefined) throw new Error('$async is not supported');
    // Keywords and formats of other tools are let pass: a schema is also read by forms and editors.
    const ajv = new Ajv2020({ allErrors: all, strict: false, useDefaults: defaults, logger: false });
    addFormats.default(ajv);
    ajv.addFormat('file', (id: string) => contentHash.safeParse(id).success);
    this.validate = ajv.compile(schema);
    this.unknown = unknown;
  }

  /** What is wrong with `value`; empty when it fits. */
  check(value: unknown): SchemaProblem[] {
    return this.validate(value)
      ? []
      : (this.validate.errors ?? []).map((error) => fieldError(error, this.unknown));
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

function fieldError(error: ErrorObject, unknown: string): SchemaProblem {
  const at = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params: Record<string, unknown> = error.params;
  const named = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof named === 'string') at.push(named);
  return { path: at.join('.'), message: messageOf(error, params, unknown) };
}

function messageOf(error: ErrorObject, params: Record<string, unknown>, unknown: string): string {
  if (error.keyword === 'required') return 'is required';
  if (error.keyword === 'additionalProperties') return unknown;
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
