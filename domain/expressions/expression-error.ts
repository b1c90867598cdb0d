/** Codes of the error catalogue. */
export type ExpressionErrorCode = 'ExpressionFailed' | 'ExpressionLimitExceeded';

/** An expression that cannot be understood or evaluated; the action that holds it fails with this message. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  constructor(
    /** The whole string. */
    readonly expression: string,
    readonly problem: string,
    /** Place in the string, from 0. */
    readonly at: number,
    readonly code: ExpressionErrorCode = 'ExpressionFailed',
  ) {
    super(`The expression "${shortened(expression)}" at column ${at + 1}: ${problem}.`);
  }
}

/** What a function refuses; the evaluator knows the expression and the place. */
export class FunctionProblem extends Error {
  constructor(
    problem: string,
    readonly code: ExpressionErrorCode = 'ExpressionFailed',
  ) {
    super(problem);
  }
}

const LONGEST = 200;

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** The line of the expression that is wrong, and below it a caret at the place. Terminal text. */
export function caretText({ expression, at }: Pick<ExpressionError, 'expression' | 'at'>): string {
  const from = expression.lastIndexOf('\n', at - 1) + 1;
  const end = expression.indexOf('\n', at);
  const line = expression.slice(from, end < 0 ? undefined : end);
  const start = Math.max(0, at - from - 50);
  return `${line.slice(start, start + 78)}\n${' '.repeat(at - from - start)}^`;
}
