import os from 'node:os';
import { silentLog } from '../../agent/log';
import { findAccount, signInProblem } from '../../agent/session/windows/accounts';
import { listSessions } from '../../agent/session/windows/sessions';
import { readSystem } from '../../agent/session/windows/system';
import { WindowsSessions } from '../../agent/session/windows/windows-session';
import { runTool } from '../../agent/system/run-tool';

/** Run by the Windows workflow only, as an administrator. */
const user = 'attendant-test';
const password = `Aa1!${'pass wörd'.repeat(2)}`;

beforeAll(async () => {
  await runTool('net.exe', ['user', user, '/delete']);
  const { code, stderr } = await runTool(
    'powershell.exe',
    [
      '-NoProfile',
      '-Command',
      `[Console]::InputEncoding = [Text.Encoding]::UTF8; $p = ConvertTo-SecureString ([Console]::In.ReadLine()) -AsPlainText -Force; New-LocalUser ${user} -Password $p`,
    ],
    `${password}\n`,
  );
  if (code !== 0) throw new Error(stderr);
}, 60_000);
afterAll(() => runTool('net.exe', ['user', user, '/delete']));

test('C6, G2: the registry tells system and sessions', async () => {
  const system = await readSystem(runTool);
  expect(system.os).toMatch(/^(windows1[01]|server20(16|19|22))$/);
  expect(system.maxSessions).toBeGreaterThan(0);
});

test('E1: every form of a name gives one SID; unknown names give none', async () => {
  const here = os.hostname();
  const [plain, local, machine] = await Promise.all(
    [user, `.\\${user}`, `${here}\\${user}`].map((name) => findAccount(runTool, name, here)),
  );
  expect(plain?.sid).toMatch(/^S-1-5-21-/);
  expect(local).toEqual(plain);
  expect(machine).toEqual(plain);
  expect(await findAccount(runTool, 'nobody-of-this-name', here)).toBeUndefined();
});

test('C1, B9: a password is accepted or refused, a disabled account is said', async () => {
  const account = await findAccount(runTool, user, os.hostname());
  if (!account) throw new Error('The account is not known.');
  expect(await signInProblem(runTool, account, password)).toBeUndefined();
  expect(await signInProblem(runTool, account, 'wrong')).toMatchObject({
    code: 'SessionCreationInvalidCredentials',
  });
  await runTool('net.exe', ['user', user, '/active:no']);
  expect(await signInProblem(runTool, account, password)).toMatchObject({
    code: 'SessionCreationAccountLocked',
  });
});

test('C4, C5, C9: the sessions of this computer are seen, with their users', async () => {
  for (const session of await listSessions(runTool)) {
    expect(session.id).toBeGreaterThan(0);
    expect(['active', 'locked', 'disconnected']).toContain(session.state);
  }
  const port = new WindowsSessions({ dataDir: os.tmpdir(), log: silentLog });
  expect(await port.report()).toMatchObject({ sessions: expect.any(Array) as unknown[] });
});
