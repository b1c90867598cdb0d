import type { Ports } from '../../adapters/ports';
import type { FlowDefinition } from '../../contracts/flow-definition';
import { http, json, type Handler } from '../http';
import { RequestError } from '../problem';
import { readJson } from '../request-body';
import { planSchedule } from '../schedules/flow-schedule';
import { flowView } from './flow-view';
import { parseDefinition } from './parse-definition';

/** PUT flows/{flow}: makes a definition the current one. Runs that go on keep the one they were started with. */
export function putFlow(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['flow'] ?? '';
    const body = await readJson(request, ports.settings.maxBodyBytes);
    const definition = requireDefinition(name, body, ports);
    // The next occurrence is in the index before the definition counts: a crash in between leaves nothing out.
    return json(flowView(await ports.flows.put(definition, (flow) => planSchedule(ports, flow))));
  });
}

/** @throws RequestError InvalidDefinition that names each wrong place. */
function requireDefinition(name: string, body: unknown, ports: Ports): FlowDefinition {
  const parsed = parseDefinition(body, ports);
  if ('errors' in parsed) throw new RequestError('InvalidDefinition', { errors: parsed.errors });
  if (parsed.definition.name === name) return parsed.definition;
  const errors = [{ path: '/name', message: `is not "${name}", the name in the address` }];
  throw new RequestError('InvalidDefinition', { errors });
}
