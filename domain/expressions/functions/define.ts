import { FunctionProblem } from '../expression-error';
import type { ExpressionScope } from '../scope';
import { isList, isObject, kindOf, plain, WholeFloat, type JsonObject } from '../values';

export const groups = [
  'Flow',
  'Text',
  'Lists',
  'Logic',
  'Conversion',
  'Numbers',
  'Dates',
  'Objects',
] as const;
export type Group = (typeof groups)[number];

/** What a function is called with. Values are evaluated when asked for. */
export interface Call {
  values: readonly (() => unknown)[];
  scope: ExpressionScope;
  /** A text that no other call of this evaluation has, made of the scope's seed. @throws FunctionProblem without a seed. */
  seed: () => string;
}

/** One line of the catalogue of functions. */
export interface ExpressionFunction {
  name: string;
  group: Group;
  /** What it does: for docs/expressions.md. */
  says: string;
  /** Names of what it takes; those that may be left out end with `?`. */
  takes: readonly string[];
  least: number;
  most: number;
  /** Its first value is the name of one of these; known before the run where it is written as a plain text. */
  names?: NamedThing;
  /** @throws FunctionProblem */
  call(call: Call): unknown;
}

export type NamedThing = 'action' | 'variable' | 'parameter' | 'loop' | 'list' | 'scope';

/** One value that a function takes. */
export interface Parameter<T> {
  name: string;
  /** For messages: `must be text`. */
  kind: string;
  accepts(value: unknown): value is T;
  optional?: boolean;
}

type Values<P extends readonly Parameter<unknown>[]> = {
  [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

type Described = Pick<ExpressionFunction, 'name' | 'group' | 'says' | 'names'>;

/** A function whose values are all evaluated and checked before it is called. */
export function define<const P extends readonly Parameter<unknown>[], R = never>(
  spec: Described & {
    parameters: P;
    /** Any number of further values. */
    rest?: { parameter: Parameter<R>; least: number };
    call(
      values: Values<P>,
      more: { rest: readonly R[]; scope: ExpressionScope; seed: Call['seed'] },
    ): unknown;
  },
): ExpressionFunction {
  const { name, group, says, names, parameters, rest } = spec;
  const required = parameters.filter((parameter) => !parameter.optional).length;
  return {
    name,
    group,
    says,
    ...(names ? { names } : {}),
    takes: [...parameters, ...(rest ? [rest.parameter] : [])]
      .map((one) => (one.optional ? `${one.name}?` : one.name))
      .concat(rest ? ['…'] : []),
    least: required + (rest?.least ?? 0),
    most: rest ? Infinity : parameters.length,
    call: ({ values, scope, seed }) => {
      const given = values.map((value) => value() ?? null);
      const own = parameters.map((parameter, index) =>
        index < given.length ? checked(name, parameter, given[index], index) : undefined,
      );
      const further = rest
        ? given
            .slice(parameters.length)
            .map((value, index) => checked(name, rest.parameter, value, parameters.length + index))
        : [];
      // Each was checked against its own parameter in the line above.
      return spec.call(own as unknown as Values<P>, { rest: further, scope, seed });
    },
  };
}

/** A function that evaluates only those of its values that it needs. */
export function defineLazy(spec: Omit<ExpressionFunction, 'names'>): ExpressionFunction {
  return spec;
}

/** `value` as the parameter takes it. @param index from 0. @throws FunctionProblem */
export function checked<T>(name: string, parameter: Parameter<T>, value: unknown, index: number): T {
  for (const candidate of [value, plain(value)]) if (parameter.accepts(candidate)) return candidate;
  throw new FunctionProblem(
    `${name}() takes ${parameter.kind} as value ${index + 1} (${parameter.name}), but is given ${kindOf(value)}`,
  );
}

export function anything(name: string): Parameter<unknown> {
  return { name, kind: 'anything', accepts: (value): value is unknown => !(value instanceof WholeFloat) };
}

export function text(name: string): Parameter<string> {
  return { name, kind: 'text', accepts: (value) => typeof value === 'string' };
}

export function boolean(name: string): Parameter<boolean> {
  return { name, kind: 'true or false', accepts: (value) => typeof value === 'boolean' };
}

/** A whole number. */
export function integer(name: string): Parameter<number> {
  return { name, kind: 'a whole number', accepts: (value): value is number => Number.isSafeInteger(value) };
}

/** Any number, as it is. */
export function number(name: string): Parameter<number> {
  return { name, kind: 'a number', accepts: (value) => typeof value === 'number' };
}

/** Any number; a whole one still says whether it is floating. */
export function floating(name: string): Parameter<number | WholeFloat> {
  return {
    name,
    kind: 'a number',
    accepts: (value) => typeof value === 'number' || value instanceof WholeFloat,
  };
}

export function list(name: string): Parameter<readonly unknown[]> {
  return { name, kind: 'a list', accepts: isList };
}

export function object(name: string): Parameter<JsonObject> {
  return { name, kind: 'an object', accepts: isObject };
}

/** One of the two. */
export function either<A, B>(a: Parameter<A>, b: Parameter<B>): Parameter<A | B> {
  return {
    name: a.name,
    kind: `${a.kind} or ${b.kind}`,
    accepts: (value): value is A | B => a.accepts(value) || b.accepts(value),
  };
}

/** A value that may be left out. */
export function optional<T>(parameter: Parameter<T>): Parameter<T | undefined> {
  return { ...parameter, accepts: (value) => parameter.accepts(value), optional: true };
}
