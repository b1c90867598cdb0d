import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DesktopFlowManifest } from '../../contracts/desktop-flow';
import { contentHash } from '../../contracts/ids';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError } from '../errors';
import { sha256OfFile } from './hash';

const MAX_INPUT_FILE_BYTES = 1024 * 1024 * 1024;

/** The folders of one run; removed when it is over. */
export interface RunFolder {
  root: string;
  work: string;
  artifacts: string;
  inputsFile: string;
}

/** Makes the run's folders, fetches input files and writes the inputs with paths in their place. */
export async function prepareRunFolder(options: {
  dataDir: string;
  run: string;
  manifest: DesktopFlowManifest;
  inputs: Record<string, unknown>;
  controlPlane: Pick<ControlPlane, 'download'>;
  signal: AbortSignal;
}): Promise<RunFolder> {
  const { manifest, controlPlane, signal } = options;
  const root = runFolderPath(options.dataDir, options.run);
  const folder = {
    root,
    work: path.join(root, 'work'),
    artifacts: path.join(root, 'artifacts'),
    inputsFile: path.join(root, 'inputs.json'),
  };
  await rm(root, { recursive: true, force: true });
  await mkdir(folder.work, { recursive: true, mode: 0o700 });
  await mkdir(folder.artifacts);
  const inputs = { ...options.inputs };
  const files = path.join(root, 'files');
  await mkdir(files);
  for (const [index, name] of fileInputs(manifest).entries()) {
    const fileId = inputs[name];
    if (typeof fileId !== 'string') continue;
    // Numbered, because the name of an input is anything a person may write.
    const file = path.join(files, `${index + 1}-${name.replaceAll(/[^\w.-]/g, '_').slice(0, 80)}`);
    await controlPlane.download({ fileId }, file, MAX_INPUT_FILE_BYTES, signal);
    if (contentHash.safeParse(fileId).success && (await sha256OfFile(file)) !== fileId) {
      throw new AgentError('FileNotFound', `The file of input "${name}" arrived damaged.`);
    }
    inputs[name] = file;
  }
  await writeFile(folder.inputsFile, JSON.stringify(inputs), { mode: 0o600 });
  return folder;
}

function runFolderPath(dataDir: string, run: string): string {
  return path.join(dataDir, 'runs', run);
}

export async function removeRunFolder(dataDir: string, run: string): Promise<void> {
  await rm(runFolderPath(dataDir, run), { recursive: true, force: true, maxRetries: 3 });
}

/** Removes the folders of all runs that an earlier process left. */
export async function removeAllRunFolders(dataDir: string): Promise<void> {
  const names = await readdir(path.join(dataDir, 'runs')).catch(() => []);
  for (const name of names) await removeRunFolder(dataDir, name);
}

/** Names of the inputs whose schema says `format: file`. */
function fileInputs(manifest: DesktopFlowManifest): string[] {
  const properties = manifest.inputs?.['properties'];
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties)
    .filter(([, schema]) => typeof schema === 'object' && schema !== null && schema.format === 'file')
    .map(([name]) => name);
}
