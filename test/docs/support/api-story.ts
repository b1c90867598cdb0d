import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type * as azure from '@azure/functions';
import { actionValueKey, artifactKey, fileKey, packageKey } from '../../../adapters/blobs/blob-keys';
import { agentHeaders, requestText } from '../../../contracts/agent-api';
import type { Operation } from '../../../contracts/openapi/operation';
import { AUDIT_ENTRY } from '../../../contracts/openapi/audit-operations';
import * as example from '../../../contracts/openapi/examples';
import { EVENT_SECRET } from '../../../contracts/openapi/trigger-operations';
import { advance, begin } from '../../../domain/processes/commands';
import type { QueueSettings } from '../../../domain/run-queue/messages';
import { AppRig } from '../../support/app-rig';
import { createInMemoryPorts, type InMemoryPorts } from '../../support/in-memory-ports';
import { TestAgent } from '../../support/test-agent';
import { desktopRunInput } from '../../support/runs';
import { zipOf } from '../../support/agent/zip';
import { INSTALLATION } from '../../../contracts/openapi/agent-operations';
import type { RegisteredRoutes } from './registered-routes';

/** The largest body that the app under test takes (bytes). */
export const BODY_LIMIT = 5_000;

/** What a request has in place of the operation's example. */
export interface Change {
  path?: Record<string, string>;
  /** Undefined: the example's value is left out. */
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  /** Sent as it is when text or bytes, else as JSON. */
  body?: unknown;
  unsigned?: boolean;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** Parsed where the content type says JSON, else the text. */
  body: unknown;
}

/** The app in the situation that the examples of the API's description tell of: run RUN-1 waits for the machine `front-desk`. */
export class ApiStory {
  readonly rig: AppRig;
  private readonly key = generateKeyPairSync('ed25519');

  constructor(private readonly functions: RegisteredRoutes) {
    const limit = String(BODY_LIMIT);
    this.rig = new AppRig(functions, {
      ATTENDANT_MAX_BODY_BYTES: limit,
      ATTENDANT_MAX_EVENT_BYTES: limit,
      ATTENDANT_MAX_FILE_BYTES: limit,
      ATTENDANT_MAX_PACKAGE_BYTES: limit,
    });
  }

  /** Call after app.ts has been loaded. */
  async begin(): Promise<void> {
    const { rig } = this;
    const { ports } = rig;
    rig.run();
    await ports.tokens.issue(rig.clock.now() + 3_600_000);
    await ports.machines.put({
      id: example.MACHINE,
      name: 'front-desk',
      epoch: 1,
      publicKey: this.key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      sealingKey: '',
      installation: INSTALLATION,
      report: example.report,
      registeredMs: rig.clock.now(),
      revoked: false,
    });
    await rig.tick('watch-machines');
    await ports.presence.seen({
      machine: example.MACHINE,
      seq: 1,
      lastSeenMs: rig.clock.now(),
      online: false,
      installation: INSTALLATION,
    });
    await ports.bots.put(4);
    await ports.connections.put({
      name: 'front-desk',
      target: { kind: 'machine', id: example.MACHINE },
      user: 'CONTOSO\\bot',
      hasCredential: false,
    });
    await rig.start('test-connection', { connection: 'front-desk' }, example.CONNECTION_TEST);
    await ports.desktopFlows.put(example.manifest, new TextEncoder().encode('zip'));
    await ports.blobs.put(packageKey(example.PACKAGE_HASH), Buffer.from('zip'));
    await ports.blobs.put(fileKey(example.CSV_ID), Buffer.from(example.CSV));
    const { hash } = await ports.flows.put(example.definition);
    await ports.flows.put({
      ...example.definition,
      name: 'every-ten-minutes',
      triggers: {
        often: {
          type: 'Recurrence',
          missed: 'skip',
          overlap: 'allow',
          recurrence: { frequency: 'Minute', interval: 10, timeZone: 'UTC' },
        },
      },
    });
    await ports.processes.put(example.processExample);
    const begun = begin(
      example.processExample,
      { customer: 'Contoso' },
      { by: 'owner', nowMs: rig.clock.now() },
    );
    const advanced = advance(begun, { by: 'owner', nowMs: rig.clock.now() });
    if (!advanced.ok) throw new Error(advanced.why);
    await ports.processes.insertCase({
      process: example.PROCESS,
      id: example.CASE,
      title: 'Order 4711',
      createdMs: rig.clock.now(),
      value: advanced.value,
    });
    const input = { run: example.RUN, flow: 'process-invoices', definition: hash, startedBy: 'owner' };
    await rig.start(
      'cloud-flow-run',
      { ...input, triggerBody: { csv: example.CSV_ID }, trigger: 'Http' },
      example.RUN,
    );
    // Its definition's snapshot is not there.
    await this.endRun(example.ENDED_RUN);
    await ports.runs.record({ run: example.DESKTOP_RUN, machine: example.MACHINE, epoch: 1 });
    await ports.runLogs.append(example.DESKTOP_RUN, 0, [{ at: example.STARTED, stream: 'out', text: 'x' }]);
    await ports.runLogs.progress(example.DESKTOP_RUN, {
      subflow: 'Main',
      action: 'Check rows',
      percent: 40,
      atMs: rig.clock.now(),
    });
    await ports.actions.put(example.RUN, [
      {
        parent: '',
        name: 'check',
        type: 'DesktopFlow',
        status: 'Succeeded',
        startedAt: example.REQUESTED,
        endedAt: example.NOW,
        run: example.DESKTOP_RUN,
        inputs: { value: { desktopFlow: 'invoices', inputs: { csv: example.CSV_ID } } },
        outputs: { hash: example.CSV_ID, bytes: 120_000 },
      },
    ]);
    await ports.blobs.put(actionValueKey(example.RUN, example.CSV_ID), Buffer.from('{"rows":[]}'));
    await ports.audit.record(AUDIT_ENTRY);
    await this.beginConsoleRun(example.MACHINE);
    await this.beginTriggers();
    await this.beginGroup();
    await this.beginGateways();
    await this.beginSubscription();
    await ports.blobs.put(artifactKey(example.DESKTOP_RUN, 'rejects.csv'), Buffer.from('row'));
  }

  /** Somebody at the machine `front-desk` has started a desktop flow there. */
  private async beginConsoleRun(machine: string): Promise<void> {
    const action = { inputs: { csv: example.CSV_ID }, mode: 'attended' as const };
    const input = desktopRunInput(action, { startedBy: 'anna on front-desk' });
    await this.rig.start(
      'desktop-flow-run',
      { ...input, console: { machine, user: 'anna' } },
      example.CONSOLE_RUN,
    );
  }

  /** A group of the machine `back-office`, in whose queue a run waits, and one that has no machines. */
  private async beginGroup(): Promise<void> {
    const { rig } = this;
    const { ports } = rig;
    const front = await ports.machines.get(example.MACHINE);
    if (!front) throw new Error('The group comes after the first machine.');
    await ports.machines.put({ ...front, id: example.MEMBER, name: 'back-office' });
    const createdMs = rig.clock.now();
    await ports.groups.put({ id: example.GROUP, name: 'Finance', createdMs });
    await ports.groups.put({ id: example.EMPTY_GROUP, name: 'Closed', createdMs });
    await this.setGroup({ group: true });
    const move = { machine: example.MEMBER, target: example.GROUP, actor: 'owner' };
    await rig.start('move-machine', move, 'move-at-first');
    await ports.connections.put({
      name: 'finance',
      target: { kind: 'group', id: example.GROUP },
      user: 'CONTOSO\\bot',
      hasCredential: false,
    });
    const action = { connection: 'finance', inputs: { csv: example.CSV_ID } };
    await rig.start('desktop-flow-run', desktopRunInput(action, { startedBy: 'owner' }), example.GROUP_RUN);
  }

  /** Ends the run that was started at the machine. */
  async endConsoleRun(): Promise<void> {
    await this.rig.engine.raiseEvent(example.CONSOLE_RUN, 'inbox', JSON.stringify({ kind: 'cancel' }));
    await this.rig.idle();
  }

  /** The machine `front-desk` comes online and starts the run of the story. */
  async execute(): Promise<void> {
    await this.endConsoleRun();
    const agent = TestAgent.of(this.rig, example.MACHINE, { key: this.key.privateKey, seq: 1 });
    await agent.hello();
    await agent.startRun();
    await this.rig.idle();
  }

  /** A flow with a schedule that fired once, one that waits for orders, and the source that they come from. */
  private async beginTriggers(): Promise<void> {
    const { ports, clock } = this.rig;
    const actions = { say: { type: 'Compose' as const, inputs: 1 } };
    const recurrence = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    const policies = { missed: 'skip', overlap: 'skip' } as const;
    const nightly = { type: 'Recurrence' as const, recurrence, ...policies };
    await ports.flows.put({ name: example.NIGHTLY_FLOW, triggers: { nightly }, actions });
    const order = { type: 'Event' as const, inputs: { source: 'shop', types: ['order.created'] } };
    await ports.flows.put({ name: 'on-order', triggers: { order }, actions });
    const entry = { flow: example.NIGHTLY_FLOW, trigger: 'Recurrence', id: 'a' };
    const nowMs = clock.now();
    const fired = { outcome: 'fired', run: example.RUN } as const;
    const skipped = { outcome: 'skipped', reason: 'overlap' } as const;
    await ports.triggerHistory.record({ ...entry, atMs: nowMs - 86_400_000, ...fired });
    await ports.triggerHistory.record({ ...entry, atMs: nowMs, ...skipped });
    const secretRef = await ports.secrets.put('event-source-shop', EVENT_SECRET);
    await ports.eventSources.put({ name: 'shop', auth: 'key', secretRef, createdMs: clock.now() });
  }

  private async beginGateways(): Promise<void> {
    const { gateways } = this.rig.ports;
    await gateways.putCluster(example.CLUSTER, { runOnAll: true });
    await gateways.put({
      name: example.GATEWAY,
      machine: example.MACHINE,
      account: 'CONTOSO\\bot',
      cluster: example.CLUSTER,
      enabled: true,
    });
  }

  /** A run that failed at once. */
  async endRun(run: string, change: { flow?: string; triggerBody?: unknown } = {}): Promise<void> {
    const given = { flow: 'process-invoices', triggerBody: { csv: example.CSV_ID }, startedBy: 'owner' };
    await this.rig.start('cloud-flow-run', { run, definition: 'none', ...given, ...change }, run);
  }

  /** A subscription with a delivery that was given up. */
  private async beginSubscription(): Promise<void> {
    const { ports, clock } = this.rig;
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const kept = { url: 'https://erp.example.com/attendant', types: ['attendant.run.failed' as const] };
    await ports.subscriptions.put({
      ...kept,
      name: example.SUBSCRIPTION,
      id: 's-1',
      enabled: true,
      secretRef: await ports.secrets.put('event-subscription', JSON.stringify({ current: secret })),
      createdMs: clock.now(),
    });
    const delivery = { event: example.DEAD_EVENT, type: 'attendant.run.failed' as const, attempts: 11 };
    await ports.deliveries.bury('s-1', { ...delivery, dueMs: 0, lastError: 'The receiver answered 500.' });
  }

  /** Changes settings of the group's queue. */
  async setGroup(settings: Partial<QueueSettings>): Promise<void> {
    const order = { kind: 'settings', settings, actor: 'owner' };
    await this.rig.start(
      'queue-command',
      { queue: example.GROUP, order },
      `set-${Object.keys(settings).join('-')}`,
    );
  }

  /** Sends the operation's example to the function that app.ts registered. */
  async send(operation: Operation, change: Change = {}): Promise<ApiAnswer> {
    const params = text({ ...operation.path?.example, ...change.path });
    const route = operation.route.replace(/\{(\w+)\}/g, (_all, name: string) =>
      encodeURIComponent(params[name] ?? ''),
    );
    const path = `/api/${route}`;
    const body = await bodyOf(operation, change);
    const headers = text({
      ...operation.headers?.example,
      ...(operation.access === 'machine' && !change.unsigned ? this.signature(operation, path, body) : {}),
      ...change.headers,
    });
    // Loaded as late as the app: the library looks for the host's module when it is loaded.
    const { HttpRequest } = jest.requireActual<typeof azure>('@azure/functions');
    const request = new HttpRequest({
      method: operation.method,
      url: `http://localhost${path}`,
      params,
      query: text({ ...operation.query?.example, ...change.query }),
      headers,
      ...(body ? { body: { bytes: body } } : {}),
    });
    const context = { functionName: operation.name, invocationId: 'invocation-1', error: () => undefined };
    const handler = this.functions.handler(operation.name);
    return answerOf(
      (await handler(request, { ...context, options: { extraInputs: [] } })) as azure.HttpResponseInit,
    );
  }

  private signature(
    { method }: Operation,
    path: string,
    body: Uint8Array | undefined,
  ): Record<string, string> {
    const time = new Date(this.rig.clock.now()).toISOString();
    const bodySha256 = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signed = requestText({ method, path, machine: example.MACHINE, time, bodySha256 });
    return {
      [agentHeaders.machine]: example.MACHINE,
      [agentHeaders.time]: time,
      [agentHeaders.signature]: sign(null, Buffer.from(signed), this.key.privateKey).toString('base64'),
    };
  }
}

/** The ports of whatever rig is the current one: the app is loaded once, the rigs follow one another. */
export function portsOf(rig: () => AppRig): InMemoryPorts {
  const forward = <T extends object>(target: T, current: () => T): T =>
    new Proxy(target, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(current(), name);
        const isPort = typeof value === 'object' && value !== null;
        return isPort ? forward(value, () => Reflect.get(current(), name) as object) : value;
      },
      ownKeys: () => Reflect.ownKeys(current()),
      getOwnPropertyDescriptor: (_target, name) => {
        const found = Reflect.getOwnPropertyDescriptor(current(), name);
        return found && { ...found, configurable: true };
      },
    });
  // Any ports will do as the target: it only says which there are.
  return forward(createInMemoryPorts(), () => rig().ports);
}

async function bodyOf({ body }: Operation, change: Change): Promise<Uint8Array | undefined> {
  const given = 'body' in change ? change.body : await exampleOf(body);
  if (given === undefined || given instanceof Uint8Array) return given;
  return Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
}

function exampleOf(body: Operation['body']): unknown {
  if (body?.kind !== 'bytes' || body.example !== undefined) return body?.example;
  // A zip has no example that could be read: the package of the story stands in.
  // JSON is YAML.
  return zipOf({ 'desktop-flow.yaml': JSON.stringify(example.manifest), 'main.py': '' });
}

async function answerOf(response: azure.HttpResponseInit): Promise<ApiAnswer> {
  const headers = new Headers(response.headers);
  const { body } = response;
  const said = body instanceof ReadableStream ? await beginningOf(body) : wholeOf(body);
  const isJson = /json/.test(headers.get('content-type') ?? '');
  return { status: response.status ?? 200, headers, body: isJson ? JSON.parse(said) : said };
}

function wholeOf(body: azure.HttpResponseInit['body']): string {
  return typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
}

/** The first chunk of a stream, which may have no end. */
async function beginningOf(body: ReadableStream): Promise<string> {
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value ?? []).toString('utf8');
}

function text(values: Record<string, string | number | undefined>): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}
