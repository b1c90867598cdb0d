import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard } from '../../adapters/http-guard/address-guard';
import { createGuardedHttp, type GuardedHttp } from '../../adapters/http-guard/guarded-http';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const request = { method: 'POST', timeoutMs: 5_000, maxBytes: 1_000, body: 'hello' };

describe('which addresses the app may send requests to', () => {
  const guard = new AddressGuard();

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '168.63.129.16',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'localhost',
  ])('not %s', (address) => expect(guard.allows(address)).toBe(false));

  it.each(['20.50.2.1', '172.32.0.1', '2a00:1450::1', '::ffff:20.50.2.1'])('%s', (address) =>
    expect(guard.allows(address)).toBe(true),
  );

  it('allows networks that the setting names', () => {
    const local = new AddressGuard(LOOPBACK);
    expect(['127.0.0.1', '::1', '10.0.0.1'].map((address) => local.allows(address))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each(['127.0.0.1', '10.0.0.0/33', 'here/8', '10.0.0.0/'])('refuses "%s" as a network', (network) =>
    expect(() => new AddressGuard([network])).toThrow('is no network'),
  );
});

describe('guarded requests', () => {
  let server: Server;
  let url: string;
  let answer = { status: 200, headers: {}, body: 'ok' };
  beforeAll(async () => {
    server = createServer((incoming, outgoing) => {
      if (incoming.url === '/never') return;
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => (answer = { status: 200, headers: {}, body: 'ok' }));

  const open = (allowed: string[], leadsTo?: string): GuardedHttp =>
    createGuardedHttp(
      new AddressGuard(allowed),
      leadsTo === undefined
        ? undefined
        : (_name, _options, callback) => callback(null, [{ address: leadsTo, family: 4 }]),
    );

  it('answers with status, headers and body, and follows no redirect', async () => {
    answer = { status: 302, headers: { location: 'http://169.254.169.254/' }, body: 'elsewhere' };
    const given = await open(LOOPBACK).send({ ...request, url });
    expect([given.status, given.headers['location'], String(given.body)]).toEqual([
      302,
      'http://169.254.169.254/',
      'elsewhere',
    ]);
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://[::1]:1/',
    'http://0x7f.1:1/',
    'https://10.0.0.1/',
    'ftp://a/',
    'https://u:p@a/',
    'x',
  ])('sends nothing to %s', async (blocked) => {
    expect(open([]).problemOf(blocked)).toBeDefined();
    await expect(open([]).send({ ...request, url: blocked })).rejects.toThrow('The address');
  });

  it('judges what a name leads to when it connects', async () => {
    const port = new URL(url).port;
    const named = `http://receiver.test:${port}/`;
    expect((await open(LOOPBACK, '127.0.0.1').send({ ...request, url: named })).status).toBe(200);
    await expect(open([], '127.0.0.1').send({ ...request, url: named })).rejects.toThrow(
      'must begin with https',
    );
    await expect(
      open([], '10.0.0.1').send({ ...request, url: `https://receiver.test:${port}/` }),
    ).rejects.toThrow('leads to an internal address');
  });

  it('gives up on an answer that is too long or never comes', async () => {
    answer.body = 'x'.repeat(1_001);
    await expect(open(LOOPBACK).send({ ...request, url })).rejects.toThrow('longer than 1000 bytes');
    await expect(
      open(LOOPBACK).send({ ...request, url: `${url}/never`, timeoutMs: 50 }),
    ).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});
