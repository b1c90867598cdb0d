import { decodeTime } from 'ulid';
import { z } from 'zod';
import type { Ports, Progress, RunRow } from '../../adapters/ports';
import type { FailureScreenshot } from '../../contracts/agent-protocol';
import { runKey } from '../../adapters/tables/run-keys';
import type { CloudRunView, DesktopRunView, ProgressView, RunSummary } from '../../contracts/api-runs';
import { cloudRunState, desktopRunState, isEnded } from '../../contracts/runs';
import { isSealed, useOfRun, type MaybeSealed } from '../../contracts/sealed-values';
import { maskedOutputs, masksTrigger } from '../../domain/flows/masking';
import { OFFLINE_TRIGGER } from '../../domain/runs/console-report';
import type { CloudFlowRunInput } from '../../domain/runs/run-inputs';
import { cloudTimeline, desktopDurations } from '../../domain/runs/run-times';
import { startData } from '../flows/start-flow-run';
import type { Orchestrations } from '../http';
import { findChild, type FoundRun } from './find-run';
import { liveActions } from './live-actions';
import { withRemedy } from './run-status';
import { fullTimeline } from './full-timeline';
import { getReport } from './kept-report';

const ULID_LENGTH = 26;

/** Of the input of `desktop-flow-run`. */
const desktopInput = z.object({ masked: z.array(z.string()).optional(), sealed: z.boolean().optional() });

type ShownInput = Partial<CloudFlowRunInput>;

/** What of a run is not shown. */
async function maskedOf(
  { flows }: Pick<Ports, 'flows'>,
  { definition, sealed }: ShownInput,
): Promise<{ input: boolean; output: (name: string) => boolean }> {
  const snapshot = definition === undefined ? undefined : await flows.snapshot(definition);
  // Nobody can say any more what of it is secure.
  if (!snapshot) return { input: sealed !== undefined, output: () => sealed !== undefined };
  const outputs = maskedOutputs(snapshot);
  return { input: masksTrigger(snapshot), output: (name) => outputs.has(name) };
}

type Outputs = Record<string, unknown>;

/** The outputs that may be shown; those that are sealed are opened for it. */
function shownOutputs(
  { sealer }: Pick<Ports, 'sealer'>,
  { run, sealed, outputs }: { run: string; sealed: boolean; outputs: MaybeSealed<Outputs> | undefined },
  isMasked: (name: string) => boolean = () => false,
): { outputs?: Record<string, unknown>; outputsMasked?: string[] } {
  if (outputs === undefined) return {};
  const opened = sealed && isSealed(outputs) ? sealer.open(outputs, useOfRun(run)) : outputs;
  const entries = Object.entries(opened as Outputs);
  const hidden = entries.flatMap(([name]) => (isMasked(name) ? [name] : []));
  return {
    outputs: Object.fromEntries(entries.filter(([name]) => !isMasked(name))),
    ...(hidden.length > 0 ? { outputsMasked: hidden } : {}),
  };
}

export async function cloudRunView(
  ports: Ports,
  client: Orchestrations,
  found: FoundRun,
): Promise<CloudRunView> {
  const { run, row, instance, status } = found;
  const input = shownInput(instance?.input);
  const state = cloudRunState.parse(status.state);
  const resubmits = await ports.runs.resubmits(run);
  const masked = await maskedOf(ports, input);
  const actions = await liveActions(client, found);
  const times = { requestedAt: iso(decodeTime(run)), ...endOf(found) };
  const startedBy = row?.startedBy ?? input.startedBy;
  return {
    run,
    kind: 'cloud',
    flow: row?.name ?? input.flow ?? '',
    status: state,
    ...times,
    ...given({ trigger: row?.trigger ?? input.trigger, startedBy }),
    ...given({ resubmittedFrom: row?.resubmittedFrom ?? input.resubmittedFrom }),
    ...(resubmits.length > 0 ? { resubmittedAs: resubmits } : {}),
    ...(masked.input
      ? { inputMasked: true }
      : given({ input: startData(ports, { ...input, run }).triggerBody })),
    actions,
    ...shownOutputs(
      ports,
      { run, sealed: input.sealed !== undefined, outputs: status.outputs },
      masked.output,
    ),
    ...(status.error ? { error: withRemedy(status.error) } : {}),
    timeline: cloudTimeline({ ...times, startedBy, state, actions, error: status.error }),
    children: await childViews(ports, client, found),
  };
}

export async function desktopRunView(ports: Ports, found: FoundRun): Promise<DesktopRunView> {
  const { run, row, status } = found;
  const ended = isEnded(status.state);
  const told = row?.trigger === OFFLINE_TRIGGER ? await getReport(ports, run) : undefined;
  const { masked = [], sealed = false } = desktopInput.catch({}).parse(found.instance?.input);
  const [progress, timeline] = await Promise.all([
    ports.runLogs.lastProgress(run),
    fullTimeline(ports, run, status.timeline ?? told?.timeline),
  ]);
  return {
    run,
    kind: 'desktop',
    parent: run.split(/[.-]/)[0] ?? run,
    ...given({ desktopFlow: row?.name, trigger: row?.trigger }),
    ...(row?.trigger === undefined ? {} : given({ startedBy: row.startedBy })),
    status: desktopRunState.parse(status.state),
    ...(row ? { requestedAt: iso(row.requestedMs) } : {}),
    ...endOf(found),
    ...given({ queue: status.queue ?? row?.queue, machine: status.machine ?? row?.machine }),
    ...(status.state === 'Paused' ? given({ paused: status.paused }) : {}),
    ...(progress && !ended && saysSomething(progress) ? { progress: progressView(progress) } : {}),
    ...given({ usage: progress?.usage, screenshot: screenshotView(run, progress?.screenshot) }),
    ...(masked.includes('outputs')
      ? {}
      : shownOutputs(ports, { run, sealed, outputs: status.outputs ?? told?.outputs })),
    ...given({ timeline }),
    ...(row ? desktopDurations(row.requestedMs, timeline ?? [], endOf(found).endedAt) : {}),
    ...(status.error ? { error: withRemedy(status.error) } : {}),
  };
}

export function runSummary(row: RunRow): RunSummary {
  const common = {
    run: row.run,
    requestedAt: iso(row.requestedMs),
    ...(row.endedMs === undefined ? {} : { endedAt: iso(row.endedMs) }),
    ...given({ startedBy: row.startedBy }),
    ...(row.error ? { error: withRemedy(row.error) } : {}),
  };
  if (row.kind === 'cloud') {
    const state = cloudRunState.catch('Running').parse(row.state);
    return { ...common, kind: 'cloud', flow: row.name, status: state, ...given({ trigger: row.trigger }) };
  }
  return {
    ...common,
    kind: 'desktop',
    parent: row.run.slice(0, ULID_LENGTH),
    desktopFlow: row.name,
    // The row learns of a run's beginning and end; in between it is with a machine once it has one.
    status: desktopRunState
      .catch('Queued')
      .parse(row.state === 'Queued' && row.machine ? 'Running' : row.state),
    ...given({ machine: row.machine, queue: row.queue, trigger: row.trigger }),
  };
}

/** Ids of a cloud-flow run's desktop-flow runs, in order of scheduling: those its actions name and those in the index. */
export function childRuns(found: FoundRun, rows: readonly RunRow[]): string[] {
  const named = Object.values(found.status.actions).flatMap((action) => action.run ?? []);
  const order = (run: string): string => runKey(run).row;
  return [...new Set([...named, ...rows.map((row) => row.run)])].sort((a, b) =>
    order(a) < order(b) ? -1 : 1,
  );
}

async function childViews(ports: Ports, client: Orchestrations, found: FoundRun): Promise<DesktopRunView[]> {
  const rows = await ports.runs.children(found.run);
  const known = new Map(rows.map((row) => [row.run, row]));
  return Promise.all(
    childRuns(found, rows).map(async (run) =>
      desktopRunView(ports, await findChild(client, run, known.get(run))),
    ),
  );
}

function endOf({ run, row, instance, status }: FoundRun): { endedAt?: string } {
  if (!isEnded(status.state)) return {};
  // The instance's time is cut to the second.
  const updatedMs =
    instance && Math.max(instance.lastUpdatedTime.getTime(), decodeTime(run.slice(0, ULID_LENGTH)));
  const endedMs = row?.endedMs ?? updatedMs;
  return endedMs === undefined ? {} : { endedAt: iso(endedMs) };
}

function shownInput(input: unknown): ShownInput {
  return typeof input === 'object' && input !== null ? input : {};
}

function saysSomething({ subflow, action, percent, message }: Progress): boolean {
  return [subflow, action, percent, message].some((said) => said !== undefined);
}

function screenshotView(
  run: string,
  screenshot: FailureScreenshot | undefined,
): DesktopRunView['screenshot'] {
  if (!screenshot || 'none' in screenshot) return screenshot;
  const { artifact } = screenshot;
  return { artifact, href: `/api/runs/${run}/artifacts/${artifact}` };
}

function progressView({ atMs, subflow, action, percent, message }: Progress): ProgressView {
  return { at: iso(atMs), ...given({ subflow, action, percent, message }) };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The properties that have a value. */
function given<T extends object>(properties: T): Given<T> {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  ) as Given<T>;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
