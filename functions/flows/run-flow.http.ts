import type { Ports } from '../../adapters/ports';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { callerOf } from '../caller';
import { durableHttp, type DurableHandler } from '../http';
import { starterOf } from '../instances';
import { RequestError } from '../problem';
import { readJson } from '../request-body';
import { findFlow } from './find-flow';
import { givenParameters, requireParameters } from './flow-parameters';
import { FlowInputs } from './flow-input';
import { acceptClaimed, accepted, hashOf, idempotencyKey } from './accept-run';
import { claimRun, newRun, startRun, type StandingClaim } from './start-flow-run';

interface Asked {
  name: string;
  body: unknown;
  parameters: Record<string, unknown> | undefined;
  startedBy: string;
}

/**
 * POST flows/{flow}/run (rows A1, L1): 202 with the place to look. The same Idempotency-Key is answered alike for as long as its claim is
 * kept; the claim holds all that the run is started with, so whoever repeats the request can start what a crash left unstarted.
 */
export function runFlow(ports: Ports): DurableHandler {
  const inputs = new FlowInputs(ports.blobs);

  /** @throws RequestError FlowNotFound, FlowDisabled, InvalidInput, InvalidParameters */
  const startOf = async ({ name, body, parameters, startedBy }: Asked): Promise<CloudFlowRunInput> => {
    const flow = await findFlow(ports, name);
    if (flow.disabled) throw new RequestError('FlowDisabled');
    requireParameters(flow.definition, parameters);
    const triggerBody = await inputs.accept(flow, body);
    return newRun(ports, flow, { triggerBody, startedBy, ...(parameters ? { parameters } : {}) });
  };

  /** The claim that stands for the key: what was accepted once stays so, also when the flow would refuse it by now. */
  const claimOf = async (asked: Asked & { key: string }): Promise<StandingClaim> => {
    const key = `key:${asked.key}`;
    try {
      const start = await startOf(asked);
      return await claimRun(ports, { key, bodyHash: hashOfAsked(asked), start });
    } catch (cause) {
      const standing = cause instanceof RequestError && (await ports.claims.find(asked.name, key));
      if (!standing) throw cause;
      return { claim: standing, first: false };
    }
  };

  return durableHttp(async (request, client) => {
    const instances = starterOf(client);
    const name = request.params['flow'] ?? '';
    const key = idempotencyKey(request);
    const body = await readJson(request, ports.settings.maxBodyBytes);
    const asked = { name, body, parameters: givenParameters(request), startedBy: callerOf(request).name };
    if (key === undefined) {
      const start = await startOf(asked);
      await startRun(instances, start);
      return accepted(start.run);
    }
    const standing = await claimOf({ ...asked, key });
    if (standing.claim.bodyHash !== hashOfAsked(asked)) throw new RequestError('IdempotencyKeyReused');
    return acceptClaimed(ports, instances, standing);
  });
}

/** What makes a repeated request the same request. */
function hashOfAsked({ body, parameters }: Asked): string {
  return hashOf(parameters ? { body, parameters } : body);
}
