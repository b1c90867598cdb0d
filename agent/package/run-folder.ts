import { constants } from 'node:fs';
import { chmod, cp, lchown, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DesktopFlowManifest } from '../../contracts/desktop-flow';
import { contentHash } from '../../contracts/ids';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError } from '../errors';
import { misfits } from '../flow/schema';
import { helperFolders } from '../helpers/files';
import type { SessionOwner } from '../session/session';
import { sha256OfFile } from './hash';

const MAX_INPUT_FILE_BYTES = 1024 * 1024 * 1024;

/** The folders of one run; removed when it is over. */
export interface RunFolder {
  root: string;
  work: string;
  artifacts: string;
  inputsFile: string;
  messagesFile: string;
  stopFile: string;
}

/**
 * Makes the run's folders, fetches input files and writes the inputs with paths in their place.
 * @throws AgentError InvalidInput, FileNotFound, HostUnreachable; what the file system throws.
 */
export async function prepareRunFolder(options: {
  dataDir: string;
  run: string;
  manifest: DesktopFlowManifest;
  inputs: Record<string, unknown>;
  controlPlane: Pick<ControlPlane, 'download'>;
  signal: AbortSignal;
}): Promise<RunFolder> {
  const { manifest, controlPlane, signal } = options;
  const misfit = misfits(manifest.inputs, options.inputs, 'inputs');
  if (misfit) throw new AgentError('InvalidInput', misfit);
  const root = runFolderPath(options.dataDir, options.run);
  const folder = {
    root,
    work: path.join(root, 'work'),
    artifacts: path.join(root, 'artifacts'),
    inputsFile: path.join(root, 'inputs.json'),
    messagesFile: path.join(root, 'messages.jsonl'),
    stopFile: path.join(root, 'stop'),
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

/**
 * Gives the run's folder to the user of its session, nobody else being able to look into it, with copies of the package and of the helper
 * modules: those of the store may be another user's tomorrow.
 * @returns where package and helpers are now.
 */
export async function giveRunFolder(options: {
  dataDir: string;
  folder: RunFolder;
  packageFolder: string;
  /** Folder of the unpacked packages, with the helper modules. */
  store: string;
  owner: SessionOwner;
}): Promise<{ packageFolder: string; helpersFolder: string }> {
  const { dataDir, folder, store, owner } = options;
  const packageFolder = path.join(folder.root, 'package');
  const copy = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE };
  await cp(options.packageFolder, packageFolder, copy);
  for (const helper of helperFolders) {
    await cp(path.join(store, helper), path.join(folder.root, helper), copy);
  }
  await chownTree(folder.root, owner);
  // Users may pass through the agent's folders, without seeing what is in them.
  for (const outer of [dataDir, path.dirname(folder.root)]) await chmod(outer, 0o711);
  await chmod(store, 0o700);
  return { packageFolder, helpersFolder: folder.root };
}

/**
 * Takes the folder back when the run's programs have ended: the agent, who may read everything, uploads only files that the user has made.
 */
export async function reclaimRunFolder(folder: RunFolder, owner: SessionOwner): Promise<void> {
  await takeOver(folder.root);
  // From here on nothing in it can be exchanged for something else.
  const found = await lstat(folder.artifacts).catch(() => undefined);
  if (!found?.isDirectory()) {
    await rm(folder.artifacts, { force: true });
    await mkdir(folder.artifacts);
  }
  await takeOver(folder.artifacts);
  for (const entry of await readdir(folder.artifacts)) {
    const file = path.join(folder.artifacts, entry);
    if ((await lstat(file)).uid !== owner.uid) await rm(file, { recursive: true, force: true });
  }
}

async function takeOver(folder: string): Promise<void> {
  await lchown(folder, 0, 0);
  await chmod(folder, 0o700);
}

/** Links are given away themselves, never what they point to. */
async function chownTree(top: string, owner: SessionOwner): Promise<void> {
  for (const entry of await readdir(top, { withFileTypes: true })) {
    const file = path.join(top, entry.name);
    if (entry.isDirectory()) await chownTree(file, owner);
    else await lchown(file, owner.uid, owner.gid);
  }
  await chmod(top, 0o700);
  await lchown(top, owner.uid, owner.gid);
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
