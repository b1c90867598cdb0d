import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import { runFlowQuery } from '../../contracts/api-flows';
import type { FlowDefinition } from '../../contracts/flow-definition';
import { resolveParameters, secureParameters } from '../../domain/flows/parameters';
import { RequestError } from '../problem';
import { parseQuery } from '../request-body';

const values = z.record(z.string(), z.unknown());

/** What `?parameters=` of the request gives, if anything. @throws RequestError InvalidParameters when it is no JSON object. */
export function givenParameters(request: HttpRequest): Record<string, unknown> | undefined {
  const { parameters } = parseQuery(runFlowQuery, request);
  if (parameters === undefined) return undefined;
  try {
    return values.parse(JSON.parse(parameters));
  } catch {
    throw new RequestError('InvalidParameters', {
      errors: [{ path: 'parameters', message: 'is not a JSON object' }],
    });
  }
}

/** @throws RequestError InvalidParameters that names every value that is missing or does not fit. */
export function requireParameters(
  definition: Pick<FlowDefinition, 'parameters'>,
  given: Readonly<Record<string, unknown>> = {},
): void {
  const secure = secureParameters(definition)
    .filter((name) => Object.hasOwn(given, name))
    .map((name) => ({ name, message: 'is secure, and addresses are logged: give it a default instead' }));
  const problems = [...resolveParameters(definition, given).problems, ...secure];
  if (problems.length === 0) return;
  const errors = problems.map(({ name, message }) => ({ path: `parameters.${name}`, message }));
  throw new RequestError('InvalidParameters', { errors });
}
