import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ConsoleRunReport } from '../../contracts/agent-api';
import type { FailureScreenshot } from '../../contracts/agent-protocol';
import { every, type Clock } from '../clock';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError, messageOf } from '../errors';
import type { Log } from '../log';
import { keptFolder, removeKept } from '../package/kept-here';
import type { EndedOfflineRun, OfflineRuns } from './offline-runs';

const LOOK_MS = 2_000;

export interface TellParts {
  runs: OfflineRuns;
  controlPlane: Pick<ControlPlane, 'reportConsoleRun' | 'uploadArtifact' | 'clockOffsetMs'>;
  dataDir: string;
  isConnected(): boolean;
  clock: Clock;
  log: Log;
}

/**
 * Tells the control plane of runs that were started here alone, oldest first, as soon as it can be reached, until it has them and their files. Whatever
 * breaks off is done again: it knows a run by its id.
 * @returns ends the telling.
 */
export function tellOfflineRuns(parts: TellParts): () => Promise<void> {
  const stopping = new AbortController();
  let telling: Promise<void> | undefined;
  const look = (): void => {
    if (telling || !parts.isConnected()) return;
    telling = tellAll(parts, stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) parts.log.warn(`Runs of the past are told later: ${messageOf(error)}`);
      })
      .finally(() => (telling = undefined));
  };
  const stop = every(parts.clock, LOOK_MS, look);
  return async () => {
    stop();
    stopping.abort();
    await telling;
  };
}

async function tellAll(parts: TellParts, signal: AbortSignal): Promise<void> {
  for (const run of parts.runs.toTell()) {
    signal.throwIfAborted();
    await tell(parts, run, signal);
  }
}

/** @throws AgentError for what may pass. */
async function tell(parts: TellParts, entry: EndedOfflineRun, signal: AbortSignal): Promise<void> {
  const { runs, controlPlane, dataDir, log } = parts;
  const { run } = entry;
  const files = await readdir(keptFolder(dataDir, run)).catch((): string[] => []);
  try {
    await controlPlane.reportConsoleRun(run, await reportOf(parts, entry, files), signal);
  } catch (error) {
    if (mayPass(error)) throw error;
    log.error(`Run ${run} is not taken by the control plane and is put aside: ${messageOf(error)}`);
    return runs.putAside(run);
  }
  for (const name of files) {
    try {
      await controlPlane.uploadArtifact(run, name, path.join(keptFolder(dataDir, run), name), signal);
    } catch (error) {
      if (mayPass(error)) throw error;
      log.warn(`The file "${name}" of run ${run} is not taken by the control plane: ${messageOf(error)}`);
    }
  }
  await runs.forget(run);
  await removeKept(dataDir, run);
  log.info(`Run ${run} was reported: it was started while the machine was cut off.`);
}

async function reportOf(
  { runs, controlPlane }: TellParts,
  { run, user, desktopFlow, startedMs, ended }: EndedOfflineRun,
  files: string[],
): Promise<ConsoleRunReport> {
  const { artifacts: _, screenshot, ...body } = ended.body;
  const at = (ms: number): string => new Date(ms + controlPlane.clockOffsetMs).toISOString();
  return {
    ...body,
    desktopFlow,
    user,
    startedAt: at(startedMs),
    endedAt: at(ended.atMs),
    ...(screenshot ? { screenshot: stillThere(screenshot, files) } : {}),
    log: await runs.logOf(run),
  };
}

function stillThere(screenshot: FailureScreenshot, files: string[]): FailureScreenshot {
  if ('none' in screenshot || files.includes(screenshot.artifact)) return screenshot;
  return { none: 'The machine no longer had the picture when it could report the run.' };
}

/** Everything but the control plane's word that this run or file will never do. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof AgentError)) return true;
  return ![
    'InvalidBody',
    'MalformedJson',
    'BodyTooLarge',
    'RunNotFound',
    'Forbidden',
    'FileNotFound',
  ].includes(error.code);
}
