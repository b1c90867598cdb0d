/** What the grammar (grammar.peggy) makes of a string. `at`: place in the string, from 0. */
export type Template =
  | { kind: 'text'; text: string }
  /** The whole string is one expression and keeps the type of its value. */
  | { kind: 'value'; value: ExpressionNode }
  | { kind: 'parts'; parts: (string | ExpressionNode)[] };

export type ExpressionNode = LiteralNode | CallNode | PathNode;

export interface LiteralNode {
  type: 'literal';
  value: string | number | boolean | null;
  /** A number that was written with a fraction or an exponent: division by it is not of integers. */
  float?: boolean;
  at: number;
}

export interface CallNode {
  type: 'call';
  name: string;
  values: ExpressionNode[];
  at: number;
}

export interface PathNode {
  type: 'path';
  root: LiteralNode | CallNode;
  steps: Step[];
}

/** `['key']`, `[0]`, `.key`, and the same behind a `?`, which gives null where there is nothing. */
export interface Step {
  key: ExpressionNode;
  optional: boolean;
  at: number;
}

/** The calls in an expression, at any depth, outer ones first. */
export function* callsIn(node: ExpressionNode): Generator<CallNode> {
  if (node.type === 'call') {
    yield node;
    for (const value of node.values) yield* callsIn(value);
  } else if (node.type === 'path') {
    yield* callsIn(node.root);
    for (const { key } of node.steps) yield* callsIn(key);
  }
}

/** The expressions in a string. */
export function expressionsIn(template: Template): ExpressionNode[] {
  if (template.kind === 'value') return [template.value];
  if (template.kind === 'text') return [];
  return template.parts.filter((part) => typeof part !== 'string');
}
