import type { Store } from '../store/store';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppRegistry, RegisteredFunction } from './app-registry';
import type { HostLogger } from './host-log';
import { messageOf } from './host-error';
import { readBody, send } from './http-body';
import type { InputBindings } from './input-bindings';
import type { OutputBindings } from './output-bindings';
import type { Worker } from './worker';

/**
 * `/runtime/webhooks/EventGrid?functionName=…`: events in the Event Grid schema or as CloudEvents, with the validation handshake of
 * either. Failure of one event answers 500, so that the sender repeats the delivery.
 */
export class EventGridWebhook {
  constructor(
    private readonly options: {
      registry: AppRegistry;
      worker: Worker;
      inputs: InputBindings;
      outputs: OutputBindings;
      bodyLimitBytes: number;
      log: HostLogger;
      store: Store;
    },
  ) {}

  /** @throws BodyTooLarge */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const query = new URLSearchParams((req.url ?? '').split('?')[1] ?? '');
    const name = query.get('functionName') ?? '';
    const fn = this.options.registry
      .withTrigger('eventGridTrigger')
      .find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!fn) return send(res, 404, { body: `cannot find function: '${name}'` });
    if (req.method === 'OPTIONS') return this.allowOrigin(req, res);

    const events = parseEvents((await readBody(req, this.options.bodyLimitBytes))?.toString('utf8'));
    if (!events) return send(res, 400, { body: 'The body is not a JSON event or a list of events.' });
    if (String(req.headers['aeg-event-type']).toLowerCase() === 'subscriptionvalidation') {
      const code = validationCode(events[0]);
      if (code === undefined) return send(res, 400);
      return sendJson(res, 200, { validationResponse: code });
    }
    if (String(req.headers['aeg-event-type']).toLowerCase() === 'unsubscribe') return send(res, 202);
    send(res, (await this.deliver(fn, events)) ? 202 : 500);
  }

  /** The CloudEvents handshake (abuse protection). */
  private allowOrigin(req: IncomingMessage, res: ServerResponse): void {
    const origin = req.headers['webhook-request-origin'];
    if (typeof origin !== 'string') return send(res, 400);
    send(res, 200, { headers: { 'WebHook-Allowed-Origin': origin, 'WebHook-Allowed-Rate': '*' } });
  }

  private async deliver(fn: RegisteredFunction, events: Record<string, unknown>[]): Promise<boolean> {
    const batches = fn.trigger['cardinality'] === 'many' ? [events] : events.map((event) => [event]);
    const results = await Promise.allSettled(batches.map((batch) => this.run(fn, batch)));
    for (const result of results) {
      if (result.status === 'rejected') {
        this.options.log.warn({ function: fn.name }, `An event was refused: ${messageOf(result.reason)}`);
      }
    }
    return results.every((result) => result.status === 'fulfilled');
  }

  private async run(fn: RegisteredFunction, batch: Record<string, unknown>[]): Promise<void> {
    const value = fn.trigger['cardinality'] === 'many' ? batch : batch[0];
    const invocation = await this.options.worker.invoke(fn, {
      inputData: [
        { name: fn.trigger.name, data: { json: JSON.stringify(value) } },
        ...this.options.inputs.of(fn),
      ],
      triggerMetadata: { data: { json: JSON.stringify(batch[0]?.['data'] ?? null) } },
    });
    await this.options.store.durable();
    await this.options.outputs.write(fn, await invocation.response());
  }
}

function parseEvents(text: string | undefined): Record<string, unknown>[] | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.every(isObject) ? list : undefined;
  } catch {
    return undefined;
  }
}

function validationCode(event: Record<string, unknown> | undefined): string | undefined {
  const data = event?.['data'];
  return isObject(data) && typeof data['validationCode'] === 'string' ? data['validationCode'] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sendJson(res: ServerResponse, status: number, value: unknown): void {
  send(res, status, {
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  });
}
