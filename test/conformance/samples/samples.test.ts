import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SAMPLES } from './catalogue';
import { run, type SampleHost, startSamples } from './sample-host';

/** A checkout of Azure/azure-functions-durable-js, installed and built; `npm run samples -- <folder>` sets it. */
const folder = process.env['ATTENDANT_SAMPLES'];

/** The result that each sample's code and comments promise. */
const RESULTS: Record<string, (app: SampleHost) => Promise<void>> = {
  async httpStart({ host }) {
    const body = JSON.stringify('x');
    const started = await fetch(`${host.url}/api/orchestrators/helloSequence`, { method: 'POST', body });
    expect(started.status).toBe(202);
    const { id, statusQueryGetUri } = (await started.json()) as Record<string, string>;
    expect(started.headers.get('location')).toBe(statusQueryGetUri);
    expect(statusQueryGetUri).toContain(`/runtime/webhooks/durabletask/instances/${id}`);
  },
  async httpSyncStart({ host }) {
    const url = `${host.url}/api/orchestrators/wait/sayHelloWithActivity?timeout=20&retryInterval=0.05`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify('Tokyo') });
    expect([answer.status, await answer.json()]).toEqual([200, 'Hello Tokyo']);
  },
  async helloSequence(app) {
    const { output } = await run(app, 'helloSequence', null);
    expect(output).toEqual(['Hello Tokyo', 'Hello Seattle', 'Hello Cairo']);
  },
  async sayHelloWithActivity(app) {
    expect(await run(app, 'sayHelloWithActivity', 'Oslo')).toMatchObject({ output: 'Hello Oslo' });
  },
  async sayHelloWithCustomStatus(app) {
    const said = await run(app, 'sayHelloWithCustomStatus', 'Oslo');
    expect(said).toMatchObject({ output: 'Hello Oslo', customStatus: 'Hello Oslo' });
  },
  async sayHelloWithSubOrchestrator(app) {
    // The TypeScript sample hands `{ input }` over, and its activity joins that to a text.
    const output = app.name === 'samples-ts' ? 'Hello [object Object]' : 'Hello Oslo';
    expect(await run(app, 'sayHelloWithSubOrchestrator', 'Oslo')).toMatchObject({ output });
  },
  async callActivityWithRetry(app) {
    const flaked = (): number => app.lines.filter((line) => line.endsWith('Flaky Function Flaking!')).length;
    const before = flaked();
    const ended = await run(app, 'callActivityWithRetry', null, 5);
    expect(ended).toMatchObject({ runtimeStatus: 'Completed', output: null });
    expect(flaked() - before).toBe(2);
  },
  async callSubOrchestratorWithRetry(app) {
    const ended = await run(app, 'callSubOrchestratorWithRetry', null, 60);
    expect(ended).toMatchObject({ runtimeStatus: 'Completed', output: null });
    const failed = (await app.host.engine.query({ runtimeStatus: ['Failed'] })).items;
    const children = failed.filter(({ name }) => name === 'throwsErrorInLine');
    // The TypeScript sample puts the id into the input, so each of the two attempts has an id of its own.
    if (app.name === 'samples-ts') expect(children).toHaveLength(2);
    else expect(children.map(({ instanceId }) => instanceId)).toEqual([`${ended.instanceId}:0`]);
  },
  async cancelTimer(app) {
    const ended = await run(app, 'cancelTimer', null);
    expect(ended).toMatchObject({ runtimeStatus: 'Completed', output: 'Hello from the other side' });
  },
  async continueAsNewCounter(app) {
    const early = await run(app, 'continueAsNewCounter', 0, 299);
    expect(early).toMatchObject({ runtimeStatus: 'Running' });
    await app.host.advance({ seconds: 1 });
    expect(await app.host.engine.get(early.instanceId)).toMatchObject({
      runtimeStatus: 'Completed',
      output: '10',
    });
  },
  async counterOrchestration(app) {
    const entity = `${app.host.url}/runtime/webhooks/durabletask/entities/counterEntity/myCounter`;
    for (let calls = 1; calls <= 12; calls++) {
      expect(await run(app, 'counterOrchestration', null)).toMatchObject({ runtimeStatus: 'Completed' });
      expect(await (await fetch(entity)).json()).toBe(Math.min(calls, 10));
    }
  },
};

/** The functions that need a binding of another service; the host names them and runs the rest. */
const IN_ERROR = ['copyFileToBlob', 'sendSmsChallenge', 'sendGoodWeatherAlert'];

function samplesOf(app: string, checkout: string): void {
  let running: SampleHost;
  beforeAll(async () => {
    running = await startSamples(checkout, app);
  });
  afterAll(() => running.close());

  test.each(Object.entries(RESULTS))('%s', async (_, check) => check(running));

  test('functions that need another service are named, and the rest runs', () => {
    const named = running.lines.filter((line) => line.includes('is in error'));
    expect(named).toHaveLength(IN_ERROR.length);
    for (const name of IN_ERROR) expect(named.join()).toContain(`'${name}'`);
  });
}

test('the guide lists every sample as it is tested', () => {
  const guide = readFileSync(resolve(__dirname, '../../../docs/local-host.md'), 'utf8');
  const section = guide.slice(guide.indexOf('## Samples of durable-functions'));
  const rows = [...section.matchAll(/^\| `(\w+)` \| `(\w+)` \| (.+?) \|$/gm)].map((row) => row.slice(1, 4));
  expect(rows).toEqual(
    SAMPLES.map(({ name, file, needs }) => [name, file, needs === undefined ? 'runs' : `needs ${needs}`]),
  );
  expect(Object.keys(RESULTS)).toEqual(SAMPLES.filter(({ needs }) => !needs).map(({ name }) => name));
});

if (folder !== undefined) {
  const checkout = resolve(folder);
  describe.each(['samples-js', 'samples-ts'])(`the unmodified samples in ${join(checkout, '%s')}`, (app) => {
    samplesOf(app, checkout);
  });
}
