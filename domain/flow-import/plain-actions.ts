import { isObject, type JsonObject } from '../expressions/values';

/** Actions of exports whose work a function does here: `Parse JSON` and `Join` become a Compose of `json()` and `join()`. */
export function asCompose(action: JsonObject): JsonObject | undefined {
  const { inputs, type, ...rest } = action;
  if (!isObject(inputs)) return undefined;
  const made = type === 'ParseJson' ? parsed(inputs) : type === 'Join' ? joined(inputs) : undefined;
  return made === undefined ? undefined : { ...rest, type: 'Compose', inputs: made };
}

/** What only the designer of the other system reads. */
export function withoutDesign(action: JsonObject): JsonObject {
  const { inputs } = action;
  if (action['type'] !== 'Response' || !isObject(inputs)) return action;
  const { schema: _schema, ...rest } = inputs;
  return { ...action, inputs: rest };
}

function parsed({ content }: JsonObject): string | undefined {
  const expression = expressionOf(content);
  return expression === undefined ? undefined : `@json(${expression})`;
}

function joined({ from, joinWith }: JsonObject): string | undefined {
  const expression = expressionOf(from);
  if (expression === undefined || typeof joinWith !== 'string' || joinWith.includes('@')) return undefined;
  return `@join(${expression}, '${joinWith.replaceAll("'", "''")}')`;
}

/** The expression that a text is as a whole: of `@body('x')`, or of `@{body('x')}`. */
function expressionOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const [, inBraces, plain] = /^@(?:\{([^{}]+)\}|([^@{].*))$/s.exec(text) ?? [];
  return inBraces ?? plain;
}
