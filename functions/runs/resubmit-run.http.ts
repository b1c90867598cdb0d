import type { StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import { isEnded } from '../../contracts/runs';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { callerOf } from '../caller';
import { acceptClaimed, accepted, hashOf, idempotencyKey } from '../flows/accept-run';
import { FlowInputs } from '../flows/flow-input';
import { claimRun, newRun, startData, startRun } from '../flows/start-flow-run';
import { durableHttp, type DurableHandler } from '../http';
import { starterOf } from '../instances';
import { RequestError } from '../problem';
import { findRun, type FoundRun } from './find-run';

/**
 * POST runs/{run}/resubmit (row A6): an ended cloud-flow run's trigger data, once more, against the flow's current definition. The data is
 * the input of the run's orchestration, kept as long as its history. Repeated under one Idempotency-Key it starts one run.
 */
export function resubmitRun(ports: Ports): DurableHandler {
  const inputs = new FlowInputs(ports.blobs);

  return durableHttp(async (request, client) => {
    const instances = starterOf(client);
    const key = idempotencyKey(request);
    const found = await findRun(ports, client, request);
    const flowName = found.row?.name ?? inputOf(found)?.flow ?? '';
    // What was accepted once stays so, whatever has become of the flow and the run.
    const standing =
      key === undefined ? undefined : await ports.claims.find(flowName, claimKey(found.run, key));
    if (standing) return acceptClaimed(ports, instances, { claim: standing, first: false });
    const before = endedInput(found);
    const flow = await ports.flows.get(flowName);
    if (!flow)
      throw new RequestError('FlowNotFound', { detail: `There is no cloud flow "${flowName}" any more.` });
    if (flow.disabled) throw new RequestError('FlowDisabled');
    const start = await repeat(flow, before, callerOf(request).name);
    if (key === undefined) {
      await startRun(instances, start);
      return accepted(start.run);
    }
    const claim = { key: claimKey(found.run, key), bodyHash: hashOf(found.run), start };
    return acceptClaimed(ports, instances, await claimRun(ports, claim));
  });

  /** @throws RequestError InvalidInput when the data does not fit the schema of today. */
  async function repeat(
    flow: StoredFlow,
    before: CloudFlowRunInput,
    startedBy: string,
  ): Promise<CloudFlowRunInput> {
    const data = startData(ports, before);
    const triggerBody = await inputs.accept(flow, data.triggerBody);
    const { parameters } = data;
    return newRun(ports, flow, {
      triggerBody,
      startedBy,
      resubmittedFrom: before.run,
      ...(parameters ? { parameters } : {}),
    });
  }
}

function claimKey(run: string, key: string): string {
  return `resubmit:${run}:${key}`;
}

/** @throws RequestError RunNotFound, RunNotEnded, TriggerDataGone */
function endedInput(found: FoundRun): CloudFlowRunInput {
  if (found.kind === 'desktop') {
    const parent = found.run.split(/[.-]/)[0] ?? '';
    throw new RequestError('RunNotFound', {
      detail: `${found.run} is a desktop-flow run; resubmit its cloud-flow run ${parent}.`,
    });
  }
  if (!isEnded(found.status.state)) {
    throw new RequestError('RunNotEnded', { detail: `The run is ${found.status.state}.` });
  }
  const input = inputOf(found);
  if (!input) throw new RequestError('TriggerDataGone');
  return { ...input, run: found.run };
}

function inputOf({ instance }: FoundRun): CloudFlowRunInput | undefined {
  const input: unknown = instance?.input;
  return typeof input === 'object' && input !== null && ('triggerBody' in input || 'sealed' in input)
    ? (input as CloudFlowRunInput)
    : undefined;
}
