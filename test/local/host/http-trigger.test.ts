import { request } from 'node:http';
import { closeHosts, listeningLogger, startHost } from './support/hosts';

afterEach(closeHosts);

describe('HTTP functions', () => {
  test('receive method, url, query, route values, headers and body, and answer with status, headers and JSON', async () => {
    const host = await startHost({
      code: `app.http('echo', { route: 'things/{id:int}/{*rest}', methods: ['POST'], authLevel: 'anonymous',
        handler: async (req) => ({ status: 201, headers: { 'x-a': 'b' }, jsonBody: {
          method: req.method, url: req.url, q: req.query.get('q'), params: req.params, agent: req.headers.get('x-agent'), body: await req.json() } }) });`,
    });
    const response = await fetch(`${host.url}/api/things/7/a/b?q=1&q=2`, {
      method: 'POST',
      headers: { 'x-agent': 'me', 'content-type': 'application/json' },
      body: '{"n":1}',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-a')).toBe('b');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      method: 'POST',
      url: `${host.url}/api/things/7/a/b?q=1&q=2`,
      q: '1,2',
      params: { id: '7', rest: 'a/b' },
      agent: 'me',
      body: { n: 1 },
    });
  });

  test('a handler that throws is 500 with an empty body, and the log says what it threw', async () => {
    const { lines, log } = listeningLogger();
    const host = await startHost(
      {
        code: `app.http('bad', { authLevel: 'anonymous', handler: () => { throw new Error('no such invoice'); } });`,
      },
      { log },
    );
    const response = await fetch(`${host.url}/api/bad`);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    expect(lines.some((line) => line.startsWith('error') && line.includes('no such invoice'))).toBe(true);
  });

  test('a stream goes out as it comes, and ends when the client goes', async () => {
    const host = await startHost({
      code: `let cancelled; const gone = new Promise((r) => { cancelled = r; });
        app.http('ticks', { authLevel: 'anonymous', handler: () => ({ headers: { 'content-type': 'text/event-stream' },
          body: new ReadableStream({ start(c) { c.enqueue(Buffer.from('data: 1\\n\\n')); }, cancel() { cancelled(); } }) }) });
        app.http('gone', { authLevel: 'anonymous', handler: async () => { await gone; return { body: 'cancelled' }; } });`,
    });
    const controller = new AbortController();
    const response = await fetch(`${host.url}/api/ticks`, { signal: controller.signal });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: 1\n\n');
    controller.abort();
    expect(await (await fetch(`${host.url}/api/gone`)).text()).toBe('cancelled');
  });

  test('with enableHttpStream an app is not told that its client has gone: its stream goes on until it ends', async () => {
    const host = await startHost({
      code: `app.setup({ enableHttpStream: true });
        let left = 3; let end; const ended = new Promise((r) => { end = r; });
        app.http('rows', { authLevel: 'anonymous', handler: () => ({ body: new ReadableStream({
          async pull(c) { await new Promise(setImmediate); c.enqueue(Buffer.from('row')); if (--left > 0) return; c.close(); end('ended'); },
          cancel() { end('cancelled'); } }, { highWaterMark: 0 }) }) });
        app.http('end', { authLevel: 'anonymous', handler: async () => ({ body: await ended }) });`,
    });
    const controller = new AbortController();
    await fetch(`${host.url}/api/rows`, { signal: controller.signal });
    controller.abort();
    expect(await (await fetch(`${host.url}/api/end`)).text()).toBe('ended');
  });

  test('an async generator is a body too', async () => {
    const host = await startHost({
      code: `app.http('rows', { authLevel: 'anonymous', handler: () => ({ body: (async function* () { yield 'a,'; yield 'b'; })() }) });`,
    });
    expect(await (await fetch(`${host.url}/api/rows`)).text()).toBe('a,b');
  });

  test('enableHttpStream streams request and response both ways', async () => {
    const host = await startHost({
      code: `app.setup({ enableHttpStream: true });
        app.http('upper', { route: 'upper/{word}', methods: ['POST'], authLevel: 'anonymous', handler: async (req) => ({
          headers: { 'x-word': req.params.word }, body: (async function* () { for await (const c of req.body) yield Buffer.from(Buffer.from(c).toString().toUpperCase()); })() }) });`,
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const req = request(`${host.url}/api/upper/hi`, { method: 'POST' }, (res) => {
        let text = '';
        res.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          // The second half is sent only after the first came back: nothing waits for the whole body.
          if (text === 'ONE') req.end('two');
        });
        res.on('end', () => resolve(`${String(res.headers['x-word'])} ${text}`));
      });
      req.on('error', reject);
      req.write('one');
    });
    expect(answer).toBe('hi ONETWO');
  });

  test('cookies, empty answers, HEAD and unknown paths', async () => {
    const host = await startHost({
      code: `app.http('cookie', { authLevel: 'anonymous', methods: ['GET', 'HEAD'], handler: () => ({ body: 'x', cookies: [{ name: 'a', value: 'b c', maxAge: 5, httpOnly: true, sameSite: 'Strict' }] }) });
        app.http('nothing', { authLevel: 'anonymous', handler: () => undefined });`,
    });
    const cookie = await fetch(`${host.url}/api/cookie`);
    expect(cookie.headers.get('set-cookie')).toBe('a=b%20c; max-age=5; path=/; samesite=strict; httponly');
    const head = await fetch(`${host.url}/api/cookie`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(`${host.url}/api/nothing`)).status).toBe(204);
    expect((await fetch(`${host.url}/api/nope`)).status).toBe(404);
    expect((await fetch(`${host.url}/api/cookie`, { method: 'DELETE' })).status).toBe(404);
  });

  test('a body over the limit is 413', async () => {
    const host = await startHost(
      {
        code: `app.http('in', { authLevel: 'anonymous', handler: async (r) => ({ body: await r.text() }) });`,
      },
      { settings: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '10' } },
    );
    const post = (body: string): Promise<Response> => fetch(`${host.url}/api/in`, { method: 'POST', body });
    expect((await post('0123456789')).status).toBe(200);
    expect((await post('0123456789+')).status).toBe(413);
  });

  test('an invocation over functionTimeout fails', async () => {
    const host = await startHost({
      host: { functionTimeout: '00:00:00.0500000' },
      code: `app.http('slow', { authLevel: 'anonymous', handler: () => new Promise(() => {}) });`,
    });
    expect((await fetch(`${host.url}/api/slow`)).status).toBe(500);
  });
});
