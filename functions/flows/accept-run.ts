import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import type { RunAccepted } from '../../contracts/api-flows';
import { canonicalJson } from '../canonical-json';
import { json } from '../http';
import { RequestError } from '../problem';
import { sha256Hex } from '../request-body';
import { awaitStart, type RunStarter, startClaimed, type StandingClaim } from './start-flow-run';

/** Starts the run of the claim unless it was, and answers 202. @throws RequestError Unavailable */
export async function acceptClaimed(
  ports: Ports,
  instances: RunStarter,
  standing: StandingClaim,
): Promise<HttpResponseInit> {
  const { run } = standing.claim;
  const started = await startClaimed(ports, instances, standing);
  if (started.state !== 'pending' || (await awaitStart(ports, instances, run))) return accepted(run);
  throw new RequestError('Unavailable', {
    detail: 'The run of this idempotency key has not been started yet.',
    headers: { 'retry-after': String(Math.ceil(started.retryMs / 1_000)) },
  });
}

/** @throws RequestError InvalidBody when the key is longer than a claim takes. */
export function idempotencyKey(request: HttpRequest): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key !== null && key.length > 256) {
    const errors = [{ path: 'Idempotency-Key', message: 'is longer than 256 characters' }];
    throw new RequestError('InvalidBody', { errors });
  }
  return key === null || key === '' ? undefined : key;
}

export function hashOf(body: unknown): string {
  return sha256Hex(canonicalJson(body));
}

/** 202 with the place to look. */
export function accepted(run: string): HttpResponseInit {
  const self = `/api/runs/${run}`;
  const body: RunAccepted = { run, status: 'Running', links: { self, cancel: `${self}/cancel` } };
  return json(body, 202, { location: self });
}
