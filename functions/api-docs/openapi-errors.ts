import { problem } from '../../contracts/api-problem';
import { errorCatalogue, type ErrorCode } from '../../contracts/errors';
import type { Operation } from '../../contracts/openapi/operation';
import { groupBy } from '../../domain/group-by';
import { answers, type Json } from './openapi-schemas';

const EVERYWHERE: readonly ErrorCode[] = ['Internal', 'Unavailable'];
const SIGNED: readonly ErrorCode[] = ['Unauthorized', 'MachineRevoked'];
/** What the guard of people's functions answers (row L8). */
const GUARDED: readonly ErrorCode[] = ['NotSignedIn', 'NotAllowed'];
const KEY_MISSING = 'The key is missing or wrong. The Functions host answers this, without a body.';

/** Codes with which the app may answer the operation. */
export function errorCodes({ access, errors }: Operation): ErrorCode[] {
  const ofAccess = { key: GUARDED, machine: SIGNED, anyone: [] }[access];
  return [...new Set([...errors, ...ofAccess, ...EVERYWHERE])];
}

/** The answers of an operation that are errors, by status. */
export function errorResponses(operation: Operation): Json {
  const keyed = operation.access === 'key';
  const described = byStatus(operation).map(([status, codes]) => {
    // One status has one description: the app's own code stands beside what the host answers.
    if (keyed && status === 401) return [status, { $ref: '#/components/responses/KeyMissing' }];
    return [
      status,
      codes.length === 1 ? { $ref: `#/components/responses/${codes[0]}` } : errorResponse(codes),
    ];
  });
  return Object.fromEntries(described);
}

/** The answers that `errorResponses` refers to. */
export function sharedResponses(operations: readonly Operation[]): Json {
  const alone = operations.flatMap(byStatus).flatMap(([, codes]) => (codes.length === 1 ? codes : []));
  return {
    KeyMissing: errorResponse(['NotSignedIn'], `${KEY_MISSING} `),
    ...Object.fromEntries([...new Set(alone)].sort().map((code) => [code, errorResponse([code])])),
  };
}

/** One example for each code that the operations name. */
export function errorExamples(operations: readonly Operation[]): Json {
  const codes = new Set(operations.flatMap(errorCodes));
  return Object.fromEntries([...codes].sort().map((code) => [code, errorExample(code)]));
}

function byStatus(operation: Operation): [number, ErrorCode[]][] {
  return [...groupBy(errorCodes(operation), (code) => errorCatalogue[code].status)];
}

function errorResponse(codes: readonly ErrorCode[], before = ''): Json {
  return {
    description: before + codes.map((code) => `\`${code}\`: ${errorCatalogue[code].message}`).join(' '),
    content: {
      'application/problem+json': {
        schema: { allOf: [answers.refer(problem), { properties: { code: { enum: codes } } }] },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function errorExample(code: ErrorCode): Json {
  const { status, message, remedy } = errorCatalogue[code];
  const value = {
    type: `urn:attendant:error:${code}`,
    title: message,
    status,
    code,
    remedy,
    ...(remedy.includes('`errors`') ? { errors: [{ path: 'name', message: 'is required' }] } : {}),
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  };
  return { summary: message, value };
}
