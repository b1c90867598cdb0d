import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError, messageOf } from '../errors';

const MAX_FILES = 50;
const MAX_BYTES = 100 * 1024 * 1024;
const RETRY_MS = 2_000;

export interface Artifact {
  name: string;
  bytes: number;
}

/**
 * Uploads the files of a run's artifacts folder. What cannot be kept is told to `warn` and left out; while the control
 * plane does not answer it is tried again until `patienceMs` is over.
 */
export async function uploadArtifacts(options: {
  run: string;
  folder: string;
  controlPlane: Pick<ControlPlane, 'uploadArtifact'>;
  signal: AbortSignal;
  warn: (text: string) => void;
  patienceMs?: number;
}): Promise<Artifact[]> {
  const { run, folder, controlPlane, signal, warn } = options;
  const until = performance.now() + (options.patienceMs ?? 10 * 60_000);
  const uploaded: Artifact[] = [];
  const names = (await readdir(folder).catch((): string[] => [])).sort((a, b) => (a < b ? -1 : 1));
  if (names.length > MAX_FILES) warn(`Only the first ${MAX_FILES} of ${names.length} artifacts are kept.`);
  for (const name of names.slice(0, MAX_FILES)) {
    const file = path.join(folder, name);
    const found = await lstat(file);
    if (!found.isFile() || found.size > MAX_BYTES || name.length > 200) {
      const why = found.isFile() ? `it is over ${MAX_BYTES} bytes or its name too long` : 'it is not a file';
      warn(`Artifact "${name}" is not kept: ${why}.`);
      continue;
    }
    for (;;) {
      try {
        await controlPlane.uploadArtifact(run, name, file, signal);
        uploaded.push({ name, bytes: found.size });
        break;
      } catch (error) {
        const passing =
          error instanceof AgentError && ['HostUnreachable', 'Unavailable'].includes(error.code);
        if (!passing || signal.aborted || performance.now() > until) {
          warn(`Artifact "${name}" could not be uploaded: ${messageOf(error)}`);
          break;
        }
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
  return uploaded;
}
