import { z } from 'zod';
import type { DesktopFlowView } from '../../contracts/api-flows';
import type { ConsoleFlow } from '../../contracts/console';
import { desktopFlowManifest, type DesktopFlowManifest } from '../../contracts/desktop-flow';
import type { ControlPlane } from '../control-plane/control-plane';
import type { PackageStore } from '../package/package-store';

/** A desktop flow and its package. */
export interface ShelvedFlow {
  manifest: DesktopFlowManifest;
  package: string;
  /** Whether the package is on the machine. */
  here: boolean;
}

/** The desktop flows that can be started at this machine: those of the control plane, or without it those whose package is here. */
export class FlowShelf {
  constructor(
    private readonly packages: Pick<PackageStore, 'list'>,
    private readonly controlPlane: Pick<ControlPlane, 'desktopFlows'>,
  ) {}

  /** By name. @throws AgentError when `online` and the control plane does not answer. */
  async list(online: boolean): Promise<ShelvedFlow[]> {
    const here = await this.packages.list();
    const known = online ? (await this.controlPlane.desktopFlows()).map(shelved) : here;
    const hashes = new Set(here.map(({ package: hash }) => hash));
    return known
      .map((flow) => ({ ...flow, here: hashes.has(flow.package) }))
      .toSorted((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1));
  }
}

function shelved(view: DesktopFlowView): ShelvedFlow {
  // Drops what is not the manifest's.
  const manifest = z.object(desktopFlowManifest.shape).parse(view);
  return { manifest, package: view.package, here: false };
}

export function consoleFlowOf({ manifest, here }: ShelvedFlow): ConsoleFlow {
  const { name, version, description, inputs } = manifest;
  return { name, version, here, ...(description ? { description } : {}), ...(inputs ? { inputs } : {}) };
}
