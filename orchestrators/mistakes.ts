import { errorInfo, type ErrorInfo } from '../contracts/errors';
import { ExpressionError } from '../domain/expressions/expression-error';
import { ConditionError } from '../domain/flows/conditions';
import { DataOperationError } from '../domain/flows/data-operations/problem';
import { VariableError } from '../domain/flows/variables';
import type { Walk } from './walk';

/** The action's inputs are wrong once their expressions are evaluated. */
export class InvalidInputs extends Error {}

/** In place of details that may quote what is secure. */
export const HIDDEN = 'Not shown: it reads secured data.';

/** What the action fails with when the flow is to blame. @throws anything else that was thrown. */
export function mistakeIn(walk: Walk, name: string, error: unknown): ErrorInfo {
  if (!isMistake(error)) throw error;
  const code =
    error instanceof ExpressionError || error instanceof DataOperationError ? error.code : 'InvalidInput';
  const masked = walk.facts.masked[name]?.includes('inputs') ?? false;
  return errorInfo(code, { details: masked ? HIDDEN : error.message.slice(0, 2_000) });
}

function isMistake(error: unknown): error is Error {
  return [ExpressionError, InvalidInputs, VariableError, ConditionError, DataOperationError].some(
    (kind) => error instanceof kind,
  );
}
