import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { VirtualClock } from '../../../local/clock';
import { nodeProcess } from '../../../local/host/core-module';
import { createLocalHost } from '../../../local/host/host';
import { openStore } from '../../../local/store/store';
import { loadTypeScriptNatively } from '../../support/typescript-apps';
import { writeApp } from './support/apps';
import { closeHosts, listeningLogger, startHost } from './support/hosts';

afterEach(closeHosts);

const fn = (name: string): string =>
  `require('@azure/functions').app.http('${name}', { authLevel: 'anonymous', handler: () => ({ body: '${name}' }) });`;
const text = async (url: string): Promise<string> => (await fetch(url)).text();

describe('loading an app', () => {
  test('main may be a glob over CommonJS files', async () => {
    const host = await startHost({
      package: { main: 'src/functions/*.js' },
      files: { 'src/functions/a.js': fn('a'), 'src/functions/b.js': fn('b') },
    });
    expect([await text(`${host.url}/api/a`), await text(`${host.url}/api/b`)]).toEqual(['a', 'b']);
  });

  test('or an ES module', async () => {
    const host = await startHost({
      package: { main: 'app.mjs' },
      files: {
        'app.mjs': `import { app } from '@azure/functions'; await 0; app.http('esm', { authLevel: 'anonymous', handler: () => ({ body: import.meta.filename ? 'esm' : '' }) });`,
      },
    });
    expect(await text(`${host.url}/api/esm`)).toBe('esm');
  });

  test('hosts that follow one another start the app afresh', async () => {
    const app = {
      code: `let n = 0; app.http('n', { authLevel: 'anonymous', handler: () => ({ jsonBody: ++n }) });`,
    };
    const first = await startHost(app);
    await text(`${first.url}/api/n`);
    const second = await startHost(app);
    expect(await text(`${second.url}/api/n`)).toBe('1');
    expect(await text(`${first.url}/api/n`)).toBe('2');
  });

  test('settings reach process.env and are taken back', async () => {
    const app = writeApp({
      settings: { GREETING: 'from the file', OTHER: 'file' },
      code: `app.http('env', { authLevel: 'anonymous', handler: () => ({ jsonBody: [process.env.GREETING, process.env.OTHER, process.env.WEBSITE_HOSTNAME] }) });`,
    });
    const host = await startHost(app, { settings: { GREETING: 'given' } });
    expect(JSON.parse(await text(`${host.url}/api/env`))).toEqual(['given', 'file', new URL(host.url).host]);
  });

  test('hooks run around app and invocations and may change inputs and results', async () => {
    const { lines, log } = listeningLogger();
    const host = await startHost(
      {
        code: `let x; app.hook.appStart(() => { x = 'started'; });
        app.hook.preInvocation((c) => { c.hookData.at = c.invocationContext.functionName; });
        app.hook.postInvocation((c) => { c.result = { body: x + ' ' + c.hookData.at + ' ' + c.result.body }; });
        app.hook.log((c) => { c.message = 'seen: ' + c.message; });
        app.http('h', { authLevel: 'anonymous', handler: (_, c) => { c.log('hello'); return { body: 'x' }; } });`,
      },
      { log },
    );
    expect(await text(`${host.url}/api/h`)).toBe('started h x');
    expect(lines).toContain('info seen: hello');
  });

  test.each([
    [{ package: { main: 'dist/app.js' } }, 'AppNotFound', /dist\/app\.js.*built/],
    [{ package: { main: undefined } }, 'AppNotFound', /"main"/],
    [
      { files: { 'app.js': "throw new Error('no database');" } },
      'AppFailedToLoad',
      /app\.js threw: no database/,
    ],
    [{ code: '', files: { 'host.json': '{' } }, 'ConfigInvalid', /host\.json is not valid JSON/],
    [{ code: '', host: { functionTimeout: 'soon' } }, 'ConfigInvalid', /functionTimeout.*soon/],
    [{ code: `app.timer('t', { schedule: '%WHEN%', handler: () => {} });` }, 'SettingMissing', /%WHEN%/],
    [{ code: `app.timer('t', { schedule: 'now', handler: () => {} });` }, 'TriggerInvalid', /now/],
    [
      { code: `app.serviceBusQueue('s', { queueName: 'q', connection: 'NoBus', handler: () => {} });` },
      'SettingMissing',
      /NoBus/,
    ],
  ])('what is wrong is said by name (%#)', async (app, code, message) => {
    const failure = startHost(app);
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('a port in use is named, with what to do', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(startHost({ code: '' }, { httpPort: port })).rejects.toMatchObject({
      code: 'PortInUse',
      message: expect.stringContaining(`Port ${port}`),
    });
    await new Promise((done) => taken.close(done));
  });

  test('keys are made once and kept for the owner alone', async () => {
    const app = writeApp({ code: '' });
    const keysFile = join(app.root, 'secrets', 'keys.json');
    const first = await startHost(app, { keysFile });
    expect(statSync(keysFile).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(keysFile, 'utf8'))).toEqual(first.keys);
    const second = await startHost(app, { keysFile });
    expect(second.keys).toEqual(first.keys);
    expect(existsSync(keysFile)).toBe(true);
  });

  test('L7: orchestrations of the unmodified SDK skip three hours in an instant', async () => {
    const store = openStore(':memory:');
    const app = writeApp({
      code: `df.app.orchestration('wait', function* (c) { yield c.df.createTimer(new Date(c.df.currentUtcDateTime.getTime() + 3 * 3600e3)); return 'late'; });`,
    });
    const host = await createLocalHost({ root: app.root, store, clock: new VirtualClock() });
    await host.engine.start({ name: 'wait', instanceId: 'w' });
    await host.advance({ hours: 2, minutes: 59 });
    expect((await host.engine.get('w'))?.runtimeStatus).toBe('Running');
    await host.advance({ minutes: 1 });
    expect(await host.engine.get('w')).toMatchObject({ runtimeStatus: 'Completed', output: '"late"' });
    await host.stop();
    await store.close();
    app.remove();
  });

  test('stopping lets a request in hand end and ends event streams', async () => {
    const host = await startHost({
      code: `let began; const begun = new Promise((r) => { began = r; }); let finish; const finished = new Promise((r) => { finish = r; });
        app.http('slow', { authLevel: 'anonymous', handler: async () => { began(); await finished; return { body: 'done' }; } });
        app.http('begun', { authLevel: 'anonymous', handler: async () => { await begun; return {}; } });
        app.http('events', { authLevel: 'anonymous', handler: () => ({ body: new ReadableStream({ start(c) { c.enqueue(Buffer.from('x')); } }) }) });
        app.timer('never', { schedule: '0 0 0 1 1 *', handler: () => {} });
        app.hook.appTerminate(() => {}); process.once('finish-slow', () => finish());`,
    });
    const events = await fetch(`${host.url}/api/events`);
    const slow = text(`${host.url}/api/slow`);
    await text(`${host.url}/api/begun`);
    const stopped = host.stop();
    nodeProcess().emit('finish-slow' as 'exit', 0);
    await stopped;
    expect(await slow).toBe('done');
    await expect(events.text()).rejects.toThrow('terminated');
    await expect(fetch(`${host.url}/api/slow`)).rejects.toThrow('fetch failed');
  });

  test('tests may load an app that is not built', async () => {
    loadTypeScriptNatively();
    const host = await startHost(
      writeApp({
        files: {
          'app.ts': `import { app } from '@azure/functions'; import { word } from './word';
            const status: number = 200; app.http('ts', { authLevel: 'anonymous', handler: () => ({ status, body: word }) });`,
          'word.ts': `export enum Word { First = 'typed' } export const word: string = Word.First;`,
        },
      }),
      { main: 'app.ts' },
    );
    expect(await text(`${host.url}/api/ts`)).toBe('typed');
  });
});
