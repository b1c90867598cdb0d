import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Product } from './support/product';
import { runScript } from './support/processes';

test('the fleet demo works off sixty runs as its scenario expects: C4, C5, E1, H2, H3, F6, F7', async () => {
  const { code, out, err } = await runScript('scripts/demo-fleet.js', ['--speed', '3'], {
    withinMs: 150_000,
  });
  expect({ code, err, out: code === 0 ? '' : out }).toEqual({ code: 0, err: '', out: '' });
  for (const line of [
    '51  Succeeded',
    '1  Failed Win10AlreadyHasActiveSession',
    '2  Failed SessionExistsForTheUserWhenUnattended',
    '1  Failed SessionNotFound',
    '1  Failed AttendedUserSessionNotActive',
    '1  Failed SessionCreationInvalidCredentials',
    '1  TimedOut NoCandidateMachine',
    'Everything happened as the scenario expects.',
  ]) {
    expect(out).toContain(line);
  }
  expect(out).toContain(
    'Failed Win10AlreadyHasActiveSession: Cannot execute desktop flow. There is a locked or an inactive Windows user session on the target device.\n',
  );
  expect(out).toContain(
    'Failed SessionExistsForTheUserWhenUnattended: Cannot execute desktop flow. There is a locked or inactive Windows user session on the target device.\n',
  );
  expect(out).toMatch(/server-2016: moved to the top: #\d+ from place \d+/);
  expect(out).toMatch(/MACHINE +SYSTEM +STATUS +RUNS NOW +NEXT +WAIT +DONE/);
});

test('attendant-agent simulate registers its machines with an owner’s key and plays its timeline', async () => {
  const product = await Product.start({ args: ['--no-agent'] });
  try {
    const scenario = join(product.dataDir, 'scenario.yaml');
    writeFileSync(
      scenario,
      `machines:
  - { name: desk, os: windows10, users: [{ name: bob }] }
  - { name: server, os: server2022, rds: true, maxSessions: 7 }
timeline:
  - { at: PT1S, machine: desk, do: signIn, user: bob }
`,
    );
    const keyFile = join(product.dataDir, 'key.txt');
    writeFileSync(keyFile, `${product.endpoint.key}\n`);
    const args = [
      'simulate',
      scenario,
      '--url',
      product.endpoint.url,
      '--key-file',
      keyFile,
      '--speed',
      '10',
      '--once',
    ];
    const { code, out, err } = await runScript('agent/main.js', [
      ...args,
      '--data',
      join(product.dataDir, 'fleet'),
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('desk: bob signs in');
    const { machines } = await product.ok('GET', '/api/machines');
    expect(machines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'desk', os: 'windows10', maxSessions: 1, hostname: 'desk' }),
        expect.objectContaining({ name: 'server', os: 'server2022', maxSessions: 7, rds: true }),
      ]),
    );
  } finally {
    await product.stop();
  }
});

test('a scenario that cannot be read is refused with the places that are wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-e2e-'));
  try {
    const scenario = join(folder, 'scenario.yaml');
    writeFileSync(scenario, 'machines: [{ name: desk, os: windows7 }]');
    const { code, err } = await runScript('agent/main.js', [
      'simulate',
      scenario,
      '--url',
      'http://127.0.0.1:9',
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(/^The scenario cannot be read\.\nmachines\[0\]\.os: /);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
