/** An expression that cannot be evaluated; the action that holds it fails with this message. */
export class ExpressionError extends Error {
  constructor(
    readonly expression: string,
    problem: string,
  ) {
    super(`The expression "${expression}" ${problem}.`);
    this.name = 'ExpressionError';
  }
}
