import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard, parseNetworks } from '../../adapters/http-guard/address-guard';
import type * as guardedHttp from '../../adapters/http-guard/guarded-http';
import type { CloudRunStatus } from '../../contracts/runs';
import { checkDefinition } from '../../domain/flows/definition-problems';
import type { CloudFlowRunResult } from '../../domain/runs/run-inputs';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { HOUR, runId } from '../support/runs';

let rig: AppRig;

let server: Server;
let asked: number;
const run = runId(1);

/** Makes the app anew, with these settings. */
function begin(settings: Record<string, string>): void {
  rig = startApp(settings, ({ ports }) => {
    // Of the same modules as the app, which knows what is thrown by its class.
    const { createGuardedHttp } = jest.requireActual<typeof guardedHttp>(
      '../../adapters/http-guard/guarded-http',
    );
    const networks = parseNetworks(ports.settings.allowedNetworks);
    Object.assign(ports, { http: createGuardedHttp(new AddressGuard(networks)) });
  });
}

async function serve(answer: RequestListener): Promise<string> {
  asked = 0;
  server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
}

/** The outcome of a flow whose one action asks the address. */
async function ask(uri: string, more: object = {}, inputs: object = {}) {
  const Ask = { type: 'Http', inputs: { method: 'POST', uri, body: { n: 1 }, ...inputs }, ...more };
  const triggers = { manual: { type: 'Request' } };
  const checked = checkDefinition({ name: 'flow', triggers, actions: { Ask } });
  expect(checked.problems).toEqual([]);
  if (!checked.definition) throw new Error('the definition is wrong');
  const { hash } = await rig.ports.flows.put(checked.definition);
  await rig.start('cloud-flow-run', { run, flow: 'flow', definition: hash, triggerBody: {} }, run);
  await rig.advance(HOUR);
  return (await rig.instance<CloudFlowRunResult, CloudRunStatus>(run)).output.actions['Ask'];
}

afterEach(async () => {
  await rig.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('A5: Http', () => {
  test('in a network that the settings allow: the answer is the outputs', async () => {
    begin({ ATTENDANT_ALLOWED_NETWORKS: '127.0.0.0/8' });
    const uri = await serve((request, response) => {
      response.setHeader('content-type', 'application/json');
      request.pipe(response);
    });
    expect(await ask(uri)).toMatchObject({
      status: 'Succeeded',
      outputs: { statusCode: 200, body: { n: 1 } },
    });
  });

  test('to an internal address is refused without a request', async () => {
    begin({ ATTENDANT_ALLOWED_NETWORKS: '10.9.8.0/24' });
    const uri = await serve((_request, response) => response.end());
    expect(await ask(uri.replace('http:', 'https:'))).toMatchObject({
      status: 'Failed',
      error: { code: 'HttpAddressNotAllowed' },
    });
    expect(asked).toBe(0);
  });

  const retryPolicy = { type: 'fixed', count: 3, interval: 'PT10S' };

  test('is tried again when the server is overloaded', async () => {
    begin({ ATTENDANT_ALLOWED_NETWORKS: '127.0.0.0/8' });
    const uri = await serve((_request, response) => response.writeHead(asked < 3 ? 503 : 200).end());
    expect(await ask(uri, {}, { retryPolicy })).toMatchObject({ status: 'Succeeded' });
    expect(asked).toBe(3);
  });

  test('is not tried again when it is refused', async () => {
    begin({ ATTENDANT_ALLOWED_NETWORKS: '127.0.0.0/8' });
    const uri = await serve((_request, response) => response.writeHead(403).end());
    expect(await ask(uri, {}, { retryPolicy })).toMatchObject({
      status: 'Failed',
      error: { code: 'HttpRequestFailed' },
    });
    expect(asked).toBe(1);
  });
});
