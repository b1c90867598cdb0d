import type { LocalHost } from '../../../local/host/host';
import { closeHosts, startHost } from './support/hosts';

afterEach(closeHosts);

const CODE = `const seen = []; app.http('seen', { authLevel: 'anonymous', handler: () => ({ jsonBody: seen }) });
  app.eventGrid('on', { handler: (e) => { if (e.data.bad) throw new Error('refused'); seen.push(e); } });`;

function post(
  host: LocalHost,
  body: unknown,
  headers: Record<string, string> = {},
  name = 'on',
): Promise<Response> {
  const url = `${host.url}/runtime/webhooks/EventGrid?functionName=${name}&code=${host.keys.system}`;
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

describe('A3: the Event Grid webhook', () => {
  test('answers the validation handshake of the Event Grid schema', async () => {
    const host = await startHost({ code: CODE });
    const response = await post(host, [{ data: { validationCode: 'abc' } }], {
      'aeg-event-type': 'SubscriptionValidation',
    });
    expect(await response.json()).toEqual({ validationResponse: 'abc' });
  });

  test('answers the handshake of CloudEvents', async () => {
    const host = await startHost({ code: CODE });
    const response = await fetch(`${host.url}/runtime/webhooks/EventGrid?functionName=on`, {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'example.org' },
    });
    expect(response.headers.get('webhook-allowed-origin')).toBe('example.org');
  });

  test('gives each event to the function, in either schema', async () => {
    const host = await startHost({ code: CODE });
    expect(
      (
        await post(host, [
          { id: '1', data: {} },
          { id: '2', data: {} },
        ])
      ).status,
    ).toBe(202);
    expect((await post(host, { specversion: '1.0', id: '3', data: {} })).status).toBe(202);
    const seen = (await (await fetch(`${host.url}/api/seen`)).json()) as { id: string }[];
    expect(seen.map((event) => event.id)).toEqual(['1', '2', '3']);
  });

  test('refuses what is not an event, unknown functions, wrong keys; a failing function is 500', async () => {
    const host = await startHost({ code: CODE }, { authEnabled: true });
    expect((await post(host, 'text')).status).toBe(400);
    expect((await post(host, [], {}, 'other')).status).toBe(404);
    expect((await post(host, [{ id: '1', data: { bad: true } }])).status).toBe(500);
    const wrong = await fetch(`${host.url}/runtime/webhooks/EventGrid?functionName=on&code=wrong`, {
      method: 'POST',
    });
    expect(wrong.status).toBe(401);
  });
});
