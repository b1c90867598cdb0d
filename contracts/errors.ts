import { requestErrors } from './request-errors';
import { runErrors } from './run-errors';

/**
 * Every error that a person or a program can meet, in one place. docs/errors.md lists the same codes (a test keeps them
 * equal). `message` is the default text; where a row fixes the exact words (C4, C5, F7, I1) they stand here.
 */
export const errorCatalogue = { ...runErrors, ...requestErrors };

export type ErrorCode = keyof typeof errorCatalogue;

/** How an error travels with a run, an event or an answer. */
export interface ErrorInfo {
  code: ErrorCode;
  message: string;
  /** Narrower reason, such as why a run that found no machine had waited (row F7). */
  subCode?: string | undefined;
  details?: string | undefined;
}

/** The catalogue's message for `code`, with `detail` appended where the case has more to say. */
export function errorInfo(
  code: ErrorCode,
  extra: { detail?: string; subCode?: string; details?: string } = {},
): ErrorInfo {
  const message = errorCatalogue[code].message;
  return {
    code,
    message: extra.detail ? `${message} ${extra.detail}` : message,
    ...(extra.subCode ? { subCode: extra.subCode } : {}),
    ...(extra.details ? { details: extra.details } : {}),
  };
}
