import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane';

/** Runs whose files are kept. */
const KEEP_RUNS = 20;

/** Where the files of a run wait until the control plane can be told of it. */
export function keptFolder(dataDir: string, run: string): string {
  return path.join(dataDir, 'kept', run);
}

export async function removeKept(dataDir: string, run: string): Promise<void> {
  await rm(keptFolder(dataDir, run), { recursive: true, force: true });
}

/** Keeps the files that runs leave behind which were started without the control plane: <data folder>/kept/<run>. */
export function keptHere(dataDir: string): Pick<ControlPlane, 'uploadArtifact'> {
  const root = path.join(dataDir, 'kept');
  return {
    uploadArtifact: async (run, name, file) => {
      await mkdir(path.join(root, run), { recursive: true });
      await copyFile(file, path.join(root, run, name));
      const found = await Promise.all(
        (await readdir(root)).map(async (folder) => ({
          folder: path.join(root, folder),
          at: (await stat(path.join(root, folder))).mtimeMs,
        })),
      );
      const old = found.sort((a, b) => b.at - a.at).slice(KEEP_RUNS);
      for (const { folder } of old) await rm(folder, { recursive: true, force: true });
    },
  };
}
