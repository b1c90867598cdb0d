import type { Ports } from '../../adapters/ports';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { readBytes } from '../request-body';
import { desktopFlowView } from './desktop-flow-view';
import { readManifest } from './package-manifest';

/** PUT desktop-flows/{name}: publishes a zip. Runs that were already told to go keep the package they were given. */
export function putDesktopFlow(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['name'] ?? '';
    const zip = await readBytes(request, ports.settings.maxPackageBytes);
    const manifest = await readManifest(zip);
    if (manifest.name !== name) {
      const message = `is not "${name}", the name in the address`;
      throw new RequestError('InvalidPackage', { errors: [{ path: 'name', message }] });
    }
    return json(desktopFlowView(await ports.desktopFlows.put(manifest, zip)));
  });
}
