import type { Ports } from '../../adapters/ports';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { callerOf } from '../caller';
import { canonicalJson } from '../canonical-json';
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
      return await claimRun(ports, { key, bodyHash: hashOfAsked(asked, start), start });
    } catch (cause) {
      const standing = cause instanceof RequestError && (await ports.claims.find(asked.name, key));
      if (!standing) throw cause;
      return { claim: standing, first: false };
    }
  };

  /** What makes a repeated request the same request; of what is secure it tells nothing to who has no key. */
  const hashOfAsked = ({ body, parameters }: Asked, { sealed }: CloudFlowRunInput): string => {
    const all = parameters ? { body, parameters } : body;
    return sealed ? ports.sealer.fingerprint(canonicalJson(all)) : hashOf(all);
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
    if (standing.claim.bodyHash !== hashOfAsked(asked, standing.claim.start as CloudFlowRunInput))
      throw new RequestError('IdempotencyKeyReused');
    return acceptClaimed(ports, instances, standing);
  });
}
