import type { HttpRequest } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import type { EventsTaken } from '../../contracts/api-triggers';
import { SUBSCRIPTION_VALIDATION, type CloudEvent } from '../../contracts/events';
import { readEvents } from '../../domain/events/event-shapes';
import { durableHttp, json, type DurableHandler } from '../http';
import { starterOf } from '../instances';
import { RequestError } from '../problem';
import { parseJson, readBytes } from '../request-body';
import { authenticateSender } from './sender';
import { createIntake } from './take-events';

/**
 * POST events/{source} (row A3): CloudEvents 1.0 (structured, batched, binary) or events of Event Grid. 202 when everything that they start
 * has been started; Event Grid's question whether its events are wanted is answered with its code.
 */
export function receiveEvents(ports: Ports): DurableHandler {
  const intake = createIntake(ports);
  return durableHttp(async (request, client) => {
    const bytes = await readBytes(request, ports.settings.maxEventBytes);
    const source = await authenticateSender(ports, request, bytes);
    const events = eventsOf(request, bytes);
    const question = events.find(({ type }) => type === SUBSCRIPTION_VALIDATION);
    if (question) return json({ validationResponse: validationCode(question) });
    const body: EventsTaken = { events: await intake(starterOf(client), source.name, events) };
    return json(body, 202);
  });
}

/** @throws RequestError MalformedJson, InvalidBody naming each wrong place. */
function eventsOf(request: HttpRequest, bytes: Uint8Array): CloudEvent[] {
  const isBinary = request.headers.has('ce-specversion');
  const read = readEvents(isBinary ? binaryEvent(request, bytes) : parseJson(bytes));
  if (!read.ok) throw new RequestError('InvalidBody', { errors: read.problems });
  return read.events;
}

/** CloudEvents in binary mode: attributes in headers `ce-…`, the data is the body. */
function binaryEvent(request: HttpRequest, bytes: Uint8Array): Record<string, unknown> {
  const attributes = [...request.headers].flatMap(([name, value]) =>
    name.startsWith('ce-') ? [[name.slice(3), decodeAttribute(value)] as const] : [],
  );
  const type = request.headers.get('content-type') ?? '';
  const data =
    bytes.byteLength === 0
      ? {}
      : /[/+]json\b/.test(type)
        ? { data: parseJson(bytes) }
        : { data_base64: Buffer.from(bytes).toString('base64') };
  return { ...Object.fromEntries(attributes), ...(type ? { datacontenttype: type } : {}), ...data };
}

/** Attributes outside of printable ASCII are percent-encoded. */
function decodeAttribute(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function validationCode({ data }: CloudEvent): string {
  const code: unknown =
    typeof data === 'object' && data !== null && 'validationCode' in data ? data.validationCode : undefined;
  if (typeof code === 'string') return code;
  const errors = [{ path: '0.data.validationCode', message: 'is missing' }];
  throw new RequestError('InvalidBody', { errors });
}
