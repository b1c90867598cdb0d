import type { ErrorCode } from '../../../contracts/errors';

/** A data operation cannot work on what it was given; the action fails with this code and message. */
export class DataOperationError extends Error {
  constructor(
    message: string,
    readonly code: Extract<
      ErrorCode,
      'DataOperationFailed' | 'SchemaValidationFailed' | 'ExpressionLimitExceeded'
    > = 'DataOperationFailed',
  ) {
    super(message);
  }
}
