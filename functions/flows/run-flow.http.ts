import type { Ports } from '../../adapters/ports';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { callerOf } from '../caller';
import { durableHttp, type DurableHandler } from '../http';
import { starterOf } from '../instances';
import { RequestError } from '../problem';
import { readJson } from '../request-body';
import { findFlow } from './find-flow';
import { FlowInputs } from './flow-input';
import { acceptClaimed, accepted, hashOf, idempotencyKey } from './accept-run';
import { claimRun, newRun, startRun, type StandingClaim } from './start-flow-run';

/**
 * POST flows/{flow}/run (rows A1, L1): 202 with the place to look. The same Idempotency-Key is answered alike for as long as its claim is
 * kept; the claim holds all that the run is started with, so whoever repeats the request can start what a crash left unstarted.
 */
export function runFlow(ports: Ports): DurableHandler {
  const inputs = new FlowInputs(ports.blobs);

  /** @throws RequestError FlowNotFound, FlowDisabled, InvalidInput */
  const startOf = async (name: string, body: unknown, startedBy: string): Promise<CloudFlowRunInput> => {
    const flow = await findFlow(ports, name);
    if (flow.disabled) throw new RequestError('FlowDisabled');
    return newRun(ports, flow, { triggerBody: await inputs.accept(flow, body), startedBy });
  };

  /** The claim that stands for the key: what was accepted once stays so, also when the flow would refuse it by now. */
  const claimOf = async (request: {
    name: string;
    key: string;
    body: unknown;
    startedBy: string;
  }): Promise<StandingClaim> => {
    const { name, body, startedBy } = request;
    const key = `key:${request.key}`;
    try {
      const start = await startOf(name, body, startedBy);
      return await claimRun(ports, { key, bodyHash: hashOf(body), start });
    } catch (cause) {
      const standing = cause instanceof RequestError && (await ports.claims.find(name, key));
      if (!standing) throw cause;
      return { claim: standing, first: false };
    }
  };

  return durableHttp(async (request, client) => {
    const instances = starterOf(client);
    const name = request.params['flow'] ?? '';
    const key = idempotencyKey(request);
    const body = await readJson(request, ports.settings.maxBodyBytes);
    const startedBy = callerOf(request).name;
    if (key === undefined) {
      const start = await startOf(name, body, startedBy);
      await startRun(instances, start);
      return accepted(start.run);
    }
    const standing = await claimOf({ name, key, body, startedBy });
    if (standing.claim.bodyHash !== hashOf(body)) throw new RequestError('IdempotencyKeyReused');
    return acceptClaimed(ports, instances, standing);
  });
}
