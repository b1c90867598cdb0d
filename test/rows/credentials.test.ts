import { openCredential } from '../../agent/identity/sealed-credential';
import type { AppRig } from '../support/app-rig';
import { startApp } from '../support/start-app';
import { api } from '../support/rig-api';
import { desktopRun, desktopRunInput, publishDesktopFlow, startDesktopRun, story } from '../support/runs';
import { TestAgent } from '../support/test-agent';

let rig: AppRig;

let agent: TestAgent;
beforeEach(async () => {
  rig = startApp();
  agent = await TestAgent.register(rig);
  await publishDesktopFlow(rig);
});
afterEach(() => rig.close());

const secret = 'correct-horse-battery-staple';

async function connect(user: string, password = secret): Promise<void> {
  const target = { kind: 'machine', id: agent.machine };
  const answer = await api(rig, 'PUT', 'connections/office', { target, user, credential: { password } });
  expect([answer.status, answer.body['hasCredential']]).toEqual([200, true]);
}

const start = (): Promise<string> => startDesktopRun(rig, 1, desktopRunInput({ connection: 'office' }));

test('B3: go carries the credential, sealed for the granted machine and this grant', async () => {
  await connect('CONTOSO\\robot');
  await agent.hello();
  const run = await start();
  const grant = await agent.startRun();
  const [go] = agent.commands('go');
  expect(go).toMatchObject({ run, user: 'CONTOSO\\robot', userKey: 'contoso\\robot' });
  const use = { machine: agent.machine, run, fence: grant.fence };
  expect(openCredential(go?.sealedCredential ?? '', agent.unsealingKey, use)).toEqual({
    user: 'CONTOSO\\robot',
    password: secret,
  });
  const other = await TestAgent.register(rig, 2);
  expect(() => openCredential(go?.sealedCredential ?? '', other.unsealingKey, use)).toThrow(
    'cannot be opened',
  );
  expect(agent.commands('offer')[0]).not.toHaveProperty('sealedCredential');
});

test('B3: the password is in no history, row, change, log or answer', async () => {
  await connect('robot');
  await agent.hello();
  const run = await start();
  await agent.succeed(await agent.startRun());
  const { rows, feedEntries, sent, logs } = rig.ports;
  const answers = await Promise.all(
    ['connections/office', `machines/${agent.machine}`, `runs/${run}`].map((path) => api(rig, 'GET', path)),
  );
  const stored = await rig.ports.connections.get('office');
  const everything = {
    history: await rig.history(run),
    status: await desktopRun(rig, run),
    episodes: [...rig.episodes.values()],
    rows: [...rows.values()],
    answers: answers.map(({ body }) => body),
    warnings: rig.warnings,
    stored,
    feedEntries,
    sent,
    logs: [...logs],
  };
  expect(everything.status.output.state).toBe('Succeeded');
  expect(everything.history.length).toBeGreaterThan(10);
  expect(JSON.stringify(everything)).not.toContain(secret);
});

test('B3: a run that waits takes the password that is current when it starts', async () => {
  await connect('robot', 'old');
  const run = await start();
  await connect('ROBOT');
  await agent.hello();
  const { fence } = await agent.startRun();
  const sealed = agent.commands('go')[0]?.sealedCredential ?? '';
  const opened = openCredential(sealed, agent.unsealingKey, { machine: agent.machine, run, fence });
  expect(opened.password).toBe(secret);
});

test("B3: a run that waits does not take another user's password: nothing starts, and the machine is free", async () => {
  await connect('robot');
  const run = await start();
  await connect('somebody-else');
  await agent.hello();
  const grant = await agent.accept();
  expect(agent.commands('go')).toEqual([]);
  expect(agent.commands('stop')).toMatchObject([{ run }]);
  await agent.say('never', { reason: 'stopped before go' }, grant);
  const { output } = await desktopRun(rig, run);
  expect(output).toMatchObject({
    state: 'Failed',
    error: {
      code: 'SessionCreationInvalidCredentials',
      details: 'The connection got the credential of another user in the meantime.',
    },
  });
  expect(await story(rig, run)).toContain('asked to stop');
  expect((await rig.queue(agent.machine)).grants).toEqual([]);
});

test('B3: a run whose credential is gone fails with a named error', async () => {
  await connect('robot');
  const run = await start();
  rig.ports.secrets.get = () => Promise.resolve(undefined);
  await agent.hello();
  await agent.say('never', { reason: 'stopped before go' }, await agent.accept());
  expect((await desktopRun(rig, run)).output.error).toMatchObject({
    code: 'SessionCreationInvalidCredentials',
    details: expect.stringContaining('gone') as string,
  });
});

test('B3: without a credential, and without a user, none is sent', async () => {
  await agent.hello();
  await startDesktopRun(rig);
  await agent.startRun();
  const [go] = agent.commands('go');
  expect(go).not.toHaveProperty('sealedCredential');
  expect(go).not.toHaveProperty('user');
});

test.each(['robot@', 'CONTOSO/robot', 'A\\B\\robot', '@agent', 'robot@gmail.com'])(
  'B4: %s is refused as an account',
  async (user) => {
    const target = { kind: 'machine', id: agent.machine };
    const { status, body } = await api(rig, 'PUT', 'connections/office', { target, user });
    expect([status, body['code']]).toEqual([400, 'AccountNotAllowed']);
    expect(body['detail']).toContain(user);
  },
);
