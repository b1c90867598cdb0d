import { setTimeout as pause } from 'node:timers/promises';
import { ulid } from 'ulid';
import type { Instances } from '../../adapters/instances';
import type { Claim, StoredFlow } from '../../adapters/flow-ports';
import type { Ports } from '../../adapters/ports';
import { useOfRun } from '../../contracts/sealed-values';
import { securesData } from '../../domain/flows/masking';
import type { CloudFlowRunInput, StartData } from '../../domain/runs/run-inputs';
import { orchestrations } from '../../orchestrators/names';
import { triggerKind, triggerOf } from './flow-input';

/** A claim without an instance is young enough that whoever made it may still be about to start it (ms). */
const START_WITHIN_MS = 60_000;

const DAY_MS = 86_400_000;

/** How long a repeated request waits for the first one to start the run (ms). */
const PATIENCE_MS = 1_000;
const POLL_MS = 50;

export type RunStarter = Pick<Instances, 'start' | 'stateOf'>;

/** What a new run of the flow's current definition is started with; everything that starts runs makes it here. */
export function newRun(
  ports: Pick<Ports, 'now' | 'sealer'>,
  flow: StoredFlow,
  more: Omit<Partial<CloudFlowRunInput>, 'sealed'> & Pick<CloudFlowRunInput, 'triggerBody' | 'startedBy'>,
): CloudFlowRunInput {
  const trigger = triggerKind(triggerOf(flow.definition));
  const start = { run: ulid(ports.now()), flow: flow.name, definition: flow.hash, trigger };
  if (!securesData(flow.definition)) return { ...start, ...more };
  const { triggerBody, parameters, ...rest } = more;
  const data: StartData = { triggerBody, ...(parameters ? { parameters } : {}) };
  return { ...start, ...rest, sealed: ports.sealer.seal(data, useOfRun(start.run)) };
}

/** What the run was, or is to be, started with. @throws Error when it was sealed by another key. */
export function startData({ sealer }: Pick<Ports, 'sealer'>, start: Partial<CloudFlowRunInput>): StartData {
  const { run = '', sealed, triggerBody, parameters } = start;
  return sealed ? (sealer.open(sealed, useOfRun(run)) as StartData) : { triggerBody, parameters };
}

/** Starts a run that nobody could ask for twice. */
export async function startRun(instances: RunStarter, start: CloudFlowRunInput): Promise<void> {
  await instances.start(orchestrations.cloudFlowRun, start, start.run);
}

/**
 * The claim under which a run is started once however often it is asked for (row L1): the given start, or that of whoever was first with the
 * same flow and key. Hand it to `startClaimed`.
 */
export function claimRun(
  ports: Pick<Ports, 'claims' | 'now'>,
  options: { key: string; bodyHash: string; start: CloudFlowRunInput },
): Promise<StandingClaim> {
  const { key, bodyHash, start } = options;
  return ports.claims.claim(start.flow, key, { run: start.run, bodyHash, claimedMs: ports.now(), start });
}

export interface StandingClaim {
  claim: Claim;
  /** Whether it was made just now, by whoever asked. */
  first: boolean;
}

/** `began`: this call started the run. `pending`: whoever has claimed it may be about to start it; ask again after `retryMs`. */
export type ClaimedStart = { state: 'began' | 'known' } | { state: 'pending'; retryMs: number };

/** Starts the run of a claim unless it was started before, also when whoever claimed it crashed before starting it. */
export async function startClaimed(
  ports: Pick<Ports, 'claims' | 'runs' | 'settings' | 'now'>,
  instances: RunStarter,
  { claim, first }: StandingClaim,
): Promise<ClaimedStart> {
  const start = claim.start as CloudFlowRunInput;
  if (first) {
    await startRun(instances, start);
    return { state: 'began' };
  }
  if (await wasStarted(ports, instances, claim.run)) return { state: 'known' };
  const age = ports.now() - claim.claimedMs;
  // It may have ended and been removed since.
  if (age >= ports.settings.historyDays * DAY_MS) return { state: 'known' };
  const attempt = Math.floor(age / START_WITHIN_MS);
  if (attempt >= 1) {
    // One starter per minute: of two repeats, the slower must not start a run again that has already ended.
    const restart = await ports.claims.claim(start.flow, `start:${claim.run}:${attempt}`, claim);
    if (restart.first) {
      await startRun(instances, start);
      return { state: 'began' };
    }
  }
  return { state: 'pending', retryMs: START_WITHIN_MS - (age % START_WITHIN_MS) };
}

/** Also when its history is gone and only the index still knows it. */
async function wasStarted(ports: Pick<Ports, 'runs'>, instances: RunStarter, run: string): Promise<boolean> {
  return (await instances.stateOf(run)) !== 'none' || (await ports.runs.get(run)) !== undefined;
}

/** Waits, for a moment, until whoever has claimed the run has started it. */
export async function awaitStart(
  ports: Pick<Ports, 'runs'>,
  instances: RunStarter,
  run: string,
): Promise<boolean> {
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    await pause(POLL_MS);
    if (await wasStarted(ports, instances, run)) return true;
  }
  return false;
}
