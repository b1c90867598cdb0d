import { ExpressionError } from './expression-error';
import { evaluatePath } from './expression-path';
import type { ExpressionScope } from './expression-path';

/**
 * Evaluates every string in `template`, at any depth; keys stay as they are. Workflow Definition Language: a string that
 * begins with `@` is an expression and keeps the type of its value, `@{…}` anywhere in a string is replaced by text, a leading
 * `@@` stands for `@`.
 * @throws ExpressionError
 */
export function evaluate(template: unknown, scope: ExpressionScope): unknown {
  if (typeof template === 'string') return evaluateText(template, scope);
  if (Array.isArray(template)) return template.map((item) => evaluate(item, scope));
  if (template !== null && typeof template === 'object') {
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, evaluate(value, scope)]));
  }
  return template;
}

function evaluateText(text: string, scope: ExpressionScope): unknown {
  if (text.startsWith('@@')) return text.slice(1);
  if (text.startsWith('@') && !text.startsWith('@{')) return evaluatePath(text.slice(1), scope);
  return interpolate(text, scope);
}

function interpolate(text: string, scope: ExpressionScope): string {
  let out = '';
  let rest = text;
  for (;;) {
    const open = rest.indexOf('@{');
    if (open < 0) return out + rest;
    if (rest[open - 1] === '@') {
      out += `${rest.slice(0, open - 1)}@{`;
      rest = rest.slice(open + 2);
      continue;
    }
    const close = closingBrace(rest, open + 2);
    if (close < 0) throw new ExpressionError(text, 'has no closing }');
    out += rest.slice(0, open) + asText(evaluatePath(rest.slice(open + 2, close), scope));
    rest = rest.slice(close + 1);
  }
}

/** Braces inside quoted names do not count. */
function closingBrace(text: string, from: number): number {
  let quoted = false;
  for (let index = from; index < text.length; index++) {
    if (text[index] === "'") quoted = !quoted;
    else if (text[index] === '}' && !quoted) return index;
  }
  return -1;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
