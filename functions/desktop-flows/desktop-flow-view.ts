import type { StoredDesktopFlow } from '../../adapters/ports';
import type { DesktopFlowView } from '../../contracts/api-flows';

export function desktopFlowView(flow: StoredDesktopFlow): DesktopFlowView {
  return { ...flow.manifest, package: flow.package, updatedAt: new Date(flow.updatedMs).toISOString() };
}
