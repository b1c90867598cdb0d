import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { desktopFlowManifest, type DesktopFlowManifest } from '../../contracts/desktop-flow';
import type { ControlPlane } from '../control-plane/control-plane';
import { AgentError, messageOf } from '../errors';
import { helperFiles } from '../helpers/files';
import { sha256OfFile } from './hash';
import { packageLimits, unpack } from './unpack';

/** Unpacked packages that are kept for the next run. */
const KEEP_PACKAGES = 20;

export interface DesktopFlowPackage {
  folder: string;
  manifest: DesktopFlowManifest;
}

/** The unpacked desktop flows of this machine, by content hash, and beside them the helper modules (agent/helpers/files.ts). */
export class PackageStore {
  private readonly fetching = new Map<string, Promise<void>>();
  /** Folder of the packages and helper modules. */
  readonly root: string;
  private readonly temp: string;

  constructor(
    dataDir: string,
    private readonly controlPlane: Pick<ControlPlane, 'download'>,
  ) {
    this.root = path.join(dataDir, 'packages');
    this.temp = path.join(dataDir, 'temp');
  }

  /** Removes what an earlier process left half done and writes the helper modules. */
  async prepare(): Promise<void> {
    await rm(this.temp, { recursive: true, force: true });
    await mkdir(this.temp, { recursive: true });
    for (const [name, content] of Object.entries(helperFiles)) {
      const file = path.join(this.root, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  /** @throws AgentError InvalidPackage, HostUnreachable, or what the control plane answered. */
  async get(hash: string, signal: AbortSignal): Promise<DesktopFlowPackage> {
    const folder = path.join(this.root, hash);
    if (!(await exists(folder))) {
      const fetching =
        this.fetching.get(hash) ?? this.fetch(hash, folder, signal).finally(() => this.fetching.delete(hash));
      this.fetching.set(hash, fetching);
      await fetching;
    }
    const now = new Date();
    await utimes(folder, now, now);
    return { folder, manifest: await readManifest(folder) };
  }

  /** The newest package of each desktop flow that is here. */
  async list(): Promise<{ manifest: DesktopFlowManifest; package: string; here: boolean }[]> {
    const byName = new Map<string, { manifest: DesktopFlowManifest; package: string; here: boolean }>();
    const found = (await this.byUse()).map(async ({ name: hash }) => {
      const manifest = await readManifest(path.join(this.root, hash)).catch(() => undefined);
      return manifest && { manifest, package: hash, here: true };
    });
    for (const flow of await Promise.all(found)) {
      if (flow && !byName.has(flow.manifest.name)) byName.set(flow.manifest.name, flow);
    }
    return [...byName.values()];
  }

  /** Packages, last used first. */
  private async byUse(): Promise<{ name: string; at: number }[]> {
    const names = (await readdir(this.root).catch((): string[] => [])).filter((name) =>
      /^[0-9a-f]{64}$/.test(name),
    );
    const used = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(path.join(this.root, name))).mtimeMs })),
    );
    return used.sort((a, b) => b.at - a.at);
  }

  private async fetch(hash: string, folder: string, signal: AbortSignal): Promise<void> {
    const base = path.join(this.temp, randomUUID());
    const zip = `${base}.zip`;
    try {
      await this.download(hash, zip, signal);
      const found = await sha256OfFile(zip);
      if (found !== hash) {
        throw new AgentError('InvalidPackage', `The package has the hash ${found} instead of ${hash}.`);
      }
      await mkdir(base);
      await unpack(zip, base);
      await rename(base, folder);
      await this.prune(hash);
    } finally {
      await rm(zip, { force: true });
      await rm(base, { recursive: true, force: true });
    }
  }

  private async download(packageHash: string, zip: string, signal: AbortSignal): Promise<void> {
    try {
      await this.controlPlane.download({ packageHash }, zip, packageLimits.zipBytes, signal);
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'BodyTooLarge') throw error;
      throw new AgentError('InvalidPackage', `The package has more than ${packageLimits.zipBytes} bytes.`);
    }
  }

  private async prune(except: string): Promise<void> {
    const old = (await this.byUse()).filter(({ name }) => name !== except).slice(KEEP_PACKAGES - 1);
    for (const { name } of old) await rm(path.join(this.root, name), { recursive: true, force: true });
  }
}

async function exists(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    () => false,
  );
}

async function readManifest(folder: string): Promise<DesktopFlowManifest> {
  try {
    return desktopFlowManifest.parse(parse(await readFile(path.join(folder, 'desktop-flow.yaml'), 'utf8')));
  } catch (error) {
    throw new AgentError('InvalidPackage', `desktop-flow.yaml is missing or not valid: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
