import { ExpressionError, FunctionProblem } from './expression-error';
import { findFunction } from './functions/catalogue';
import { expressionLimits } from './limits';
import { parseTemplate } from './parse-template';
import type { ExpressionScope } from './scope';
import type { CallNode, ExpressionNode, Step, Template } from './syntax';
import { asText, isList, isObject, kindOf, plain, requireLength, requireSmall, asFloat } from './values';
import { Work } from './work';

/**
 * Evaluates every string in `template`, at any depth; keys stay as they are. A string that begins with `@` is an expression and keeps
 * the type of its value, `@{…}` anywhere in a string is replaced by text, a leading `@@` stands for `@`.
 * The same template and scope always give the same value.
 * @throws ExpressionError
 */
export function evaluate(template: unknown, scope: ExpressionScope): unknown {
  return new Evaluation(scope).template(template, 1);
}

/**
 * Evaluates the same templates in one scope after the other, as `evaluate` does; each string is parsed once, and all together may take no more
 * than a bounded amount of work (`expressionLimits.work`).
 * @returns what evaluates one template in one scope. @throws ExpressionError
 */
export function repeatedly(): (template: unknown, scope: ExpressionScope) => unknown {
  const parsed = new Map<string, Template>();
  const parse = (text: string): Template => {
    const known = parsed.get(text) ?? parseTemplate(text);
    parsed.set(text, known);
    return known;
  };
  const work = new Work();
  return (template, scope) => new Evaluation(scope, { parse, work }).template(template, 1);
}

/** One template in one scope. */
class Evaluation {
  private seeds = 0;

  constructor(
    private readonly scope: ExpressionScope,
    private readonly shared: { parse: (text: string) => Template; work?: Work } = { parse: parseTemplate },
  ) {}

  template(template: unknown, depth: number): unknown {
    if (typeof template === 'string') return this.text(template);
    if (typeof template !== 'object' || template === null) return template;
    if (depth > expressionLimits.depth) {
      throw new ExpressionError('', 'it stands in too many lists and objects', 0, 'ExpressionLimitExceeded');
    }
    if (Array.isArray(template)) return template.map((item) => this.template(item, depth + 1));
    return Object.fromEntries(
      Object.entries(template).map(([key, value]) => [key, this.template(value, depth + 1)]),
    );
  }

  private text(text: string): unknown {
    const { parse, work } = this.shared;
    const template = parse(text);
    if (template.kind === 'text') return template.text;
    return this.naming(text, 0, () => {
      work?.spend(null);
      if (template.kind === 'value') return requireSmall(plain(this.node(text, template.value)) ?? null);
      let joined = '';
      for (const part of template.parts) {
        joined += typeof part === 'string' ? part : asText(plain(this.node(text, part)));
        requireLength(joined.length);
      }
      return joined;
    });
  }

  private node(text: string, node: ExpressionNode): unknown {
    switch (node.type) {
      case 'literal':
        return node.float && typeof node.value === 'number' ? asFloat(node.value) : node.value;
      case 'call':
        return this.call(text, node);
      case 'path':
        return node.steps.reduce((value, step) => this.step(text, value, step), this.node(text, node.root));
    }
  }

  private call(text: string, { name, values, at }: CallNode): unknown {
    const found = findFunction(name);
    if (!found) throw new ExpressionError(text, `there is no function ${name}()`, at);
    return this.naming(text, at, () => {
      // What is only looked up costs nothing until a function reads it.
      const work = found.group === 'Flow' ? undefined : this.shared.work;
      const counted = <T>(value: T): T => (work ? work.spend(value) : value);
      const made = counted(
        found.call({
          values: values.map((value) => () => counted(this.node(text, value))),
          scope: this.scope,
          seed: () => this.seed(name),
        }),
      );
      if (typeof made === 'string') requireLength(made.length);
      return made;
    });
  }

  private step(text: string, value: unknown, { key, optional, at }: Step): unknown {
    const name = plain(this.node(text, key));
    if (typeof name !== 'string' && typeof name !== 'number') {
      throw new ExpressionError(text, `${kindOf(name)} names no property and no item`, at);
    }
    const found = lookUp(value, name);
    if (found !== undefined) return found;
    if (optional) return null;
    const what = typeof name === 'number' ? `item ${name}` : `property "${name}"`;
    const where = value === null || value === undefined ? 'null' : kindOf(value);
    throw new ExpressionError(text, `${where} has no ${what}; write ? before it where it may be missing`, at);
  }

  private seed(name: string): string {
    if (this.scope.seed === undefined) throw new FunctionProblem(`${name}() cannot be used here`);
    return `${this.scope.seed}#${this.seeds++}`;
  }

  /** Says of a problem where it is. */
  private naming<T>(text: string, at: number, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof FunctionProblem)) throw error;
      throw new ExpressionError(text, error.message, at, error.code);
    }
  }
}

function lookUp(value: unknown, key: string | number): unknown {
  if (isList(value)) return typeof key === 'number' ? value[key] : undefined;
  return isObject(value) && typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : undefined;
}
