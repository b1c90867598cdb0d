import type { DesktopRunResult, DesktopRunStatus } from '../../contracts/runs';
import type { DesktopFlowRunInput } from '../../domain/runs/run-inputs';
import type { AppRig } from './app-rig';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** A run id: a ULID with `number` at its end. */
export function runId(number: number): string {
  return `01HZZZZZZZZZZZZZZZZZZZZZ${String(number).padStart(2, '0')}`;
}

/** Publishes the desktop flow `invoices`. */
export async function publishDesktopFlow(rig: AppRig, inputs?: Record<string, unknown>): Promise<void> {
  await rig.ports.desktopFlows.put(
    { name: 'invoices', version: '1.0.0', runner: 'node', entry: 'main.js', ...(inputs ? { inputs } : {}) },
    new TextEncoder().encode('zip'),
  );
}

export function desktopRunInput(
  action: Partial<DesktopFlowRunInput['action']> = {},
  rest: Partial<DesktopFlowRunInput> = {},
): DesktopFlowRunInput {
  return {
    action: {
      desktopFlow: 'invoices',
      connection: 'machine-1',
      mode: 'unattended',
      inputs: {},
      priority: 'normal',
      ...action,
    },
    name: 'Process',
    startedBy: 'ann',
    ...rest,
  };
}

/** Starts one desktop-flow run. @returns its id. */
export async function startDesktopRun(
  rig: AppRig,
  number = 1,
  input: DesktopFlowRunInput = desktopRunInput(),
): Promise<string> {
  const run = `${runId(number)}-1`;
  await rig.start('desktop-flow-run', input, run);
  return run;
}

export function desktopRun(
  rig: AppRig,
  run: string,
): ReturnType<typeof rig.instance<DesktopRunResult, DesktopRunStatus>> {
  return rig.instance<DesktopRunResult, DesktopRunStatus>(run);
}

/** What happened to the run, in words. */
export async function story(rig: AppRig, run: string): Promise<string[]> {
  return (await desktopRun(rig, run)).customStatus.timeline.map(({ what }) => what);
}

export function cancel(rig: AppRig, run: string, by = 'ann'): Promise<void> {
  return rig.instances.raise(run, 'inbox', { kind: 'cancel', by }).then(() => rig.idle());
}
