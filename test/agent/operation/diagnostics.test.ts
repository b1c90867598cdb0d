import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import yauzl from 'yauzl';
import { strike, writeDiagnostics } from '../../../agent/cli/diagnostics';
import { readRegistered } from '../../../agent/identity/identity';
import { AgentFixture, nodeFlow } from '../../support/agent/agent-fixture';

async function unzip(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const zip = await yauzl.openPromise(file);
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    found.set(entry.fileName, Buffer.concat(chunks).toString());
  }
  return found;
}

const fixture = new AgentFixture();
afterAll(() => fixture.end());

test('J2: the bundle tells state, checks, versions and runs, and no secret', async () => {
  await fixture.start();
  const run = await fixture.run(nodeFlow(`require('attendant').output('secret', 'output-of-run')`), {
    pin: 'input-of-run',
  });
  await fixture.broker.event(run, 'done');
  const { dataDir, controlPlane } = fixture;
  const { signing, sealing } = await readRegistered(dataDir);
  const access = 'Endpoint=sb://bus.example;SharedAccessKeyName=a;SharedAccessKey=Zm9vYmFyYmF6';
  const log = [
    `sealed with ${sealing.privateKey}`,
    access,
    'password: hunter2hunter2',
    'over http://joe:s3cret!@proxy:8080',
  ];
  writeFileSync(path.join(dataDir, 'agent.log'), `${log.join('\n')}\nthe last line\n`);
  const env = {
    HTTPS_PROXY: 'http://joe:pr0xypass@proxy:8080',
    ATTENDANT_KEY: 'key-of-the-owner',
    HOME: '/home/joe',
  };
  mkdirSync(path.join(dataDir, 'out'));
  const out = path.join(dataDir, 'out', 'diagnostics.zip');
  await writeDiagnostics({
    dataDir,
    out,
    env,
    doctor: async () => [{ name: 'clock', ok: false, text: '400 s off' }],
    runTool: async () => ({ code: 0, stdout: 'line of the service key-of-the-owner\n', stderr: '' }),
  });
  const files = await unzip(out);
  expect([...files.keys()].sort()).toEqual(
    expect.arrayContaining([
      'agent.log',
      'doctor.json',
      'files.json',
      'journal.json',
      'settings.json',
      'status.json',
      'versions.json',
    ]),
  );
  expect(files.get('doctor.json')).toContain('400 s off');
  expect(files.get('agent.log')).toContain('the last line');
  expect(JSON.parse(files.get('journal.json') ?? '')).toMatchObject({
    runs: [{ run, state: 'done', outcome: 'Succeeded' }],
  });
  expect(JSON.parse(files.get('settings.json') ?? '')).toMatchObject({
    environment: { HTTPS_PROXY: 'http://***@proxy:8080' },
  });
  const all = [...files.values()].join('\n') + readFileSync(out, 'latin1');
  const secrets = [
    signing.privateKey,
    sealing.privateKey,
    controlPlane.token,
    'Zm9vYmFyYmF6',
    'hunter2hunter2',
    's3cret!',
    'pr0xypass',
  ];
  for (const secret of [...secrets, 'key-of-the-owner', 'output-of-run', 'input-of-run', 'PRIVATE KEY'])
    expect(all).not.toContain(secret);
});

test.each([
  ['SharedAccessSignature sr=a&sig=abc%3D&se=1', 'SharedAccessSignature sr=a&sig=***&se=1'],
  ['"token": "abc"', '"token": "***"'],
  ['-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', '***'],
  ['nothing here', 'nothing here'],
])('strikes out: %s', (text, clean) => expect(strike([])(text)).toBe(clean));
