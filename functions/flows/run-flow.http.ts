import { setTimeout as pause } from 'node:timers/promises';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { ulid } from 'ulid';
import type { Claim, Ports } from '../../adapters/ports';
import type { RunAccepted } from '../../contracts/api-flows';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { orchestrations } from '../../orchestrators/names';
import { callerOf } from '../caller';
import { canonicalJson } from '../canonical-json';
import { durableHttp, json, type DurableHandler, type Orchestrations } from '../http';
import { instanceStatus } from '../instances';
import { RequestError } from '../problem';
import { readJson, sha256Hex } from '../request-body';
import { FlowInputs, triggerOf } from './flow-input';

/** A claim without an instance is young enough that whoever made it may still be about to start it (ms). */
const START_WITHIN_MS = 60_000;

/** How long a repeated request waits for the first one to start the run (ms). */
const PATIENCE_MS = 1_000;
const POLL_MS = 50;

/**
 * POST flows/{flow}/run (rows A1, L1): 202 with the place to look. The same Idempotency-Key is answered alike for as long as its claim is
 * kept; the claim holds all that the run is started with, so whoever repeats the request can start what a crash left unstarted.
 */
export function runFlow(ports: Ports): DurableHandler {
  const inputs = new FlowInputs(ports.blobs);

  /** @throws RequestError FlowNotFound, InvalidInput */
  const startOf = async (name: string, body: unknown, startedBy: string): Promise<CloudFlowRunInput> => {
    const flow = await ports.flows.get(name);
    if (!flow) throw new RequestError('FlowNotFound', { detail: `There is no cloud flow "${name}".` });
    return {
      run: ulid(ports.now()),
      flow: name,
      definition: flow.hash,
      triggerBody: await inputs.accept(flow, body),
      startedBy,
      trigger: triggerOf(flow.definition).kind,
    };
  };

  /** The claim that stands for the key: what was accepted once stays so, also when the flow would refuse it by now. */
  const claimOf = async (request: {
    name: string;
    key: string;
    body: unknown;
    startedBy: string;
  }): Promise<{ claim: Claim; first: boolean }> => {
    const { name, key, body, startedBy } = request;
    let start: CloudFlowRunInput;
    try {
      start = await startOf(name, body, startedBy);
    } catch (cause) {
      const standing = cause instanceof RequestError && (await ports.claims.find(name, `key:${key}`));
      if (!standing) throw cause;
      return { claim: standing, first: false };
    }
    const claim = { run: start.run, bodyHash: hashOf(body), claimedMs: ports.now(), start };
    return ports.claims.claim(name, `key:${key}`, claim);
  };

  return durableHttp(async (request, client) => {
    const name = request.params['flow'] ?? '';
    const key = readKey(request);
    const body = await readJson(request, ports.settings.maxBodyBytes);
    const startedBy = callerOf(request).name;
    if (key === undefined) {
      const start = await startOf(name, body, startedBy);
      await client.startNew(orchestrations.cloudFlowRun, { instanceId: start.run, input: start });
      return accepted(start.run);
    }
    const standing = await claimOf({ name, key, body, startedBy });
    if (standing.claim.bodyHash !== hashOf(body)) throw new RequestError('IdempotencyKeyReused');
    return accepted(await startClaimed({ ports, client, name, ...standing }));
  });
}

/** @returns the run of the claim. @throws RequestError Unavailable */
async function startClaimed(options: {
  ports: Ports;
  client: Orchestrations;
  name: string;
  claim: Claim;
  first: boolean;
}): Promise<string> {
  const { ports, client, name, claim, first } = options;
  const begin = async (): Promise<string> => {
    await client.startNew(orchestrations.cloudFlowRun, { instanceId: claim.run, input: claim.start });
    return claim.run;
  };
  if (first) return begin();
  if (await exists(ports, client, claim.run)) return claim.run;
  const attempt = Math.floor((ports.now() - claim.claimedMs) / START_WITHIN_MS);
  if (attempt >= 1) {
    // One starter per minute: of two repeats, the slower must not start a run again that has already ended.
    const restart = await ports.claims.claim(name, `start:${claim.run}:${attempt}`, claim);
    if (restart.first) return begin();
  }
  if (await appears(ports, client, claim.run)) return claim.run;
  const left = START_WITHIN_MS - ((ports.now() - claim.claimedMs) % START_WITHIN_MS);
  throw new RequestError('Unavailable', {
    detail: 'The run of this idempotency key has not been started yet.',
    headers: { 'retry-after': String(Math.ceil(left / 1_000)) },
  });
}

/** @throws RequestError InvalidBody when the key is longer than a claim takes. */
function readKey(request: HttpRequest): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key !== null && key.length > 256) {
    const errors = [{ path: 'Idempotency-Key', message: 'is longer than 256 characters' }];
    throw new RequestError('InvalidBody', { errors });
  }
  return key === null || key === '' ? undefined : key;
}

function hashOf(body: unknown): string {
  return sha256Hex(canonicalJson(body));
}

/** Also when its history is gone and only the index still knows it. */
async function exists(ports: Ports, client: Orchestrations, run: string): Promise<boolean> {
  if (await instanceStatus(client, run, { showInput: false })) return true;
  return (await ports.runs.get(run)) !== undefined;
}

async function appears(ports: Ports, client: Orchestrations, run: string): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    await pause(POLL_MS);
    if (await exists(ports, client, run)) return true;
  }
  return false;
}

function accepted(run: string): HttpResponseInit {
  const self = `/api/runs/${run}`;
  const body: RunAccepted = { run, status: 'Running', links: { self, cancel: `${self}/cancel` } };
  return json(body, 202, { location: self });
}
