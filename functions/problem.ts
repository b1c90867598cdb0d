import type { HttpResponseInit } from '@azure/functions';
import type { z } from 'zod';
import type { Problem } from '../contracts/api-problem';
import { errorCatalogue, type ErrorCode } from '../contracts/errors';

/** One place in a request that is wrong. */
export interface FieldError {
  path: string;
  message: string;
}

/** Answers the request with an error of the catalogue. Thrown by handlers, turned into problem+json by the wrapper in http.ts. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly code: ErrorCode,
    readonly more: { detail?: string; errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(more.detail ?? errorCatalogue[code].message);
  }
}

/** RFC 9457. */
export function problemResponse(error: RequestError, traceId: string): HttpResponseInit {
  const { status, message, remedy } = errorCatalogue[error.code];
  const body: Problem = {
    type: `urn:attendant:error:${error.code}`,
    title: message,
    status,
    ...(error.more.detail === undefined ? {} : { detail: error.more.detail }),
    code: error.code,
    remedy,
    ...(error.more.errors === undefined ? {} : { errors: error.more.errors }),
    traceId,
  };
  return {
    status,
    headers: { ...error.more.headers, 'content-type': 'application/problem+json' },
    body: JSON.stringify(body),
  };
}

/** zod's issues as places and messages; the whole body is the path ''. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
}
