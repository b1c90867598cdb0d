import { readFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { register } from '../../agent/listener/register';
import { network } from '../../agent/link/network';
import { proxyFor } from '../../agent/link/proxy';
import type { Broker } from '../../local/broker/broker';
import { AgentFixture, go, nodeFlow, offer, root } from '../support/agent/agent-fixture';
import { BrokerBackend } from '../support/agent/broker-backend';
import { newRunId } from '../support/agent/fake-control-plane';
import { zipOf } from '../support/agent/zip';

describe('which proxy', () => {
  const env = {
    HTTPS_PROXY: 'http://secure:1',
    http_proxy: 'http://plain:2',
    NO_PROXY: 'intern.example, .corp.example,other.example:8443',
  };
  test.each([
    ['https://attendant.example', 'http://secure:1'],
    ['http://attendant.example', 'http://plain:2'],
    ['wss://bus.example:443', 'http://secure:1'],
    ['https://intern.example', undefined],
    ['https://a.intern.example', undefined],
    ['https://notintern.example', 'http://secure:1'],
    ['https://a.corp.example:444', undefined],
    ['https://other.example:8443', undefined],
    ['https://other.example', 'http://secure:1'],
    ['http://localhost:7071', undefined],
    ['http://127.0.0.1:7071', undefined],
    ['http://[::1]:7071', undefined],
  ])('%s: %s', (address, proxy) => expect(proxyFor(new URL(address), { env })).toBe(proxy));

  test('a given one wins, but for what NO_PROXY names; * means everything', () => {
    const given = { proxy: 'http://given:3', env };
    expect(proxyFor(new URL('https://attendant.example'), given)).toBe('http://given:3');
    expect(proxyFor(new URL('https://intern.example'), given)).toBeUndefined();
    expect(proxyFor(new URL('https://a.example'), { ...given, env: { NO_PROXY: '*' } })).toBeUndefined();
  });
});

describe('behind a proxy', () => {
  const fixture = new AgentFixture();
  const bus = new BrokerBackend(fixture.controlPlane);
  const servers: Server[] = [];
  /** What the proxy was asked for. */
  const asked: string[] = [];
  let allow = 200;
  let proxy: string;

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  /** A proxy that knows every name as this computer. */
  async function startProxy(): Promise<string> {
    const server = createHttp((_, response) => response.writeHead(501).end());
    server.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      if (allow !== 200) {
        socket.end(`HTTP/1.1 ${allow} No\r\n\r\n`);
        return;
      }
      const other = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(other).pipe(socket);
      });
      for (const end of [socket, other])
        end.on('error', () => [socket, other].forEach((each) => each.destroy()));
    });
    return `http://127.0.0.1:${await listen(server)}`;
  }

  /** AMQP over WebSockets, as Service Bus takes it on port 443, before the broker. */
  async function startWebSockets(broker: () => Broker | undefined): Promise<number> {
    const read = (name: string): string => readFileSync(path.join(root, 'test/fixtures/tls', name), 'utf8');
    const server = createHttps({ key: read('key.pem'), cert: read('cert.pem') });
    const sockets = new WebSocketServer({
      server,
      path: '/$servicebus/websocket',
      handleProtocols: () => 'AMQPWSB10',
    });
    sockets.on('connection', (socket) => {
      const stream = createWebSocketStream(socket);
      const tcp = connect(broker()?.port ?? 0, '127.0.0.1');
      stream.pipe(tcp).pipe(stream);
      for (const end of [stream, tcp]) end.on('error', () => [stream, tcp].forEach((each) => each.destroy()));
    });
    return listen(server);
  }

  beforeAll(async () => {
    await fixture.controlPlane.start();
    await bus.start();
    proxy = await startProxy();
    const port = await startWebSockets(() => bus.broker);
    const { access } = fixture.controlPlane;
    const elsewhere = (text: string): string => text.replace(/sb:\/\/[^;]+/, `sb://broker.example:${port}`);
    fixture.controlPlane.access = () => {
      const { commands, events } = access();
      return {
        commands: { ...commands, connectionString: elsewhere(commands.connectionString) },
        events: { ...events, connectionString: elsewhere(events.connectionString) },
      };
    };
  });
  afterEach(() => (allow = 200));
  afterAll(async () => {
    await fixture.end();
    await bus.end();
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  const url = (): string => fixture.controlPlane.url.replace('127.0.0.1', 'control.example');
  const ways = () =>
    network({ proxy, env: {}, ca: readFileSync(path.join(root, 'test/fixtures/tls/cert.pem'), 'utf8') });

  test('registers, connects with AMQP over WebSockets, downloads and executes', async () => {
    const { dataDir, controlPlane } = fixture;
    const { fetch, openLink } = ways();
    await register({ url: url(), token: controlPlane.token, name: 'desk-1', dataDir, fetch });
    await fixture.start({ fetch, openLink });
    const run = newRunId();
    const fence = fixture.fence();
    const hash = controlPlane.addPackage(
      await zipOf(nodeFlow(`require('attendant').output('way', 'proxy')`)),
    );
    await bus.command(offer(run, fence, controlPlane.machine));
    await bus.event(run, 'accepted');
    await bus.command(go(run, fence, controlPlane.machine, hash));
    expect(await bus.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs: { way: 'proxy' } });
    expect(new Set(asked.map((target) => target.split(':')[0]))).toEqual(
      new Set(['control.example', 'broker.example']),
    );
    await fixture.agent?.stop();
  });

  test.each([
    [407, 'it wants a user and password'],
    [403, 'it refuses this address'],
  ])('a proxy that answers %s is named, and not taken for the control plane', async (status, why) => {
    allow = status;
    const { dataDir, controlPlane } = fixture;
    const again = register({
      url: url(),
      token: controlPlane.token,
      name: 'a',
      again: true,
      dataDir,
      fetch: ways().fetch,
    });
    await expect(again).rejects.toMatchObject({
      code: 'HostUnreachable',
      message: expect.stringContaining(`answered ${status}: ${why}`) as string,
    });
  });
});
