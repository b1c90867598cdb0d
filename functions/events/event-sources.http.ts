import type { HttpRequest } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import type { EventSourceRow } from '../../adapters/trigger-ports';
import { eventSourceBody, type EventSourceList, type EventSourceSecret } from '../../contracts/api-triggers';
import { resourceName } from '../../contracts/ids';
import { http, json, type Handler } from '../http';
import { fieldErrors, RequestError } from '../problem';
import { parseBody, readJson } from '../request-body';
import { newSecret } from '../subscriptions/webhook-signature';

/** PUT event-sources/{source}: makes it, or gives it a new secret. */
export function putEventSource(ports: Ports): Handler {
  return http(async (request) => {
    const name = nameOf(request);
    const { auth } = parseBody(eventSourceBody, await readJson(request, ports.settings.maxBodyBytes));
    const secret = newSecret();
    const secretRef = await ports.secrets.put(`event-source-${name}`, secret);
    const row: EventSourceRow = { name, auth, secretRef, createdMs: ports.now() };
    await ports.eventSources.put(row);
    const body: EventSourceSecret = { ...view(row), secret };
    return json(body);
  });
}

/** GET event-sources */
export function listEventSources(ports: Ports): Handler {
  return http(async () => {
    const body: EventSourceList = { eventSources: (await ports.eventSources.list()).map(view) };
    return json(body);
  });
}

/** DELETE event-sources/{source}: its events are refused from now on. */
export function deleteEventSource(ports: Ports): Handler {
  return http(async (request) => {
    const name = request.params['source'] ?? '';
    if (!(await ports.eventSources.get(name))) throw new RequestError('EventSourceNotFound');
    await ports.eventSources.remove(name);
    return { status: 204 };
  });
}

/** @throws RequestError InvalidBody */
function nameOf(request: HttpRequest): string {
  const parsed = resourceName.safeParse(request.params['source']);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues).map(({ message }) => ({ path: 'source', message }));
  throw new RequestError('InvalidBody', { errors });
}

function view({ name, auth, createdMs }: EventSourceRow): EventSourceList['eventSources'][number] {
  return { name, auth, createdAt: new Date(createdMs).toISOString(), address: `/api/events/${name}` };
}
