import { requireSmall } from '../../expressions/values';
import { JsonSchemaCheck } from '../../json-schema';
import { DataOperationError } from './problem';

/**
 * The value that JSON text holds, or a value that is one already, when it fits the schema. Defaults of the schema are not filled in: the value
 * is what was given.
 * @throws DataOperationError, FunctionProblem
 */
export function parseContent(content: unknown, schema: Readonly<Record<string, unknown>>): unknown {
  const value = typeof content === 'string' ? fromText(content) : content;
  const [problem] = checkOf(schema).check(value);
  if (!problem) return value;
  const where = problem.path === '' ? 'the content' : problem.path;
  throw new DataOperationError(`ParseJson: ${where} ${problem.message}.`, 'SchemaValidationFailed');
}

function fromText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataOperationError(
      `ParseJson: the content is no JSON: ${cause instanceof Error ? cause.message : String(cause)}.`,
    );
  }
  return requireSmall(value);
}

/** A replay checks the same again, and a loop in each of its rounds; compiling takes far longer than checking. */
const MOST_KEPT = 100;
const compiled = new Map<string, JsonSchemaCheck>();

function checkOf(schema: Readonly<Record<string, unknown>>): JsonSchemaCheck {
  const text = JSON.stringify(schema);
  const check = compiled.get(text) ?? compile(schema);
  compiled.delete(text);
  compiled.set(text, check);
  const [oldest] = compiled.keys();
  if (compiled.size > MOST_KEPT && oldest !== undefined) compiled.delete(oldest);
  return check;
}

function compile(schema: Readonly<Record<string, unknown>>): JsonSchemaCheck {
  // Exports name older drafts there, which say the same of what people use.
  const { $schema: _draft, ...rest } = schema;
  return new JsonSchemaCheck(rest, { defaults: false, all: false, unknown: 'is not in the schema' });
}

/** What is wrong with the schema of a ParseJson, or undefined: known before any run. */
export function contentSchemaProblem(schema: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return void compile(schema);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
