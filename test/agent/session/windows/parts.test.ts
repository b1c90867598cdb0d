import { readFileSync } from 'node:fs';
import path from 'node:path';
import { problemOfCode } from '../../../../agent/session/windows/accounts';
import { userEnvironment } from '../../../../agent/session/windows/environment';
import { freeRdpInput, freeRdpProblem } from '../../../../agent/session/windows/free-rdp';
import { asciiJson, powerShellCommand } from '../../../../agent/session/windows/power-shell';
import {
  combineSessions,
  lockCommand,
  parseQuerySession,
  signOffCommand,
} from '../../../../agent/session/windows/sessions';
import { grantCommand, sessionTaskXml, taskCommands } from '../../../../agent/session/windows/session-task';
import {
  editionOf,
  limitsOf,
  parseRegistry,
  remoteDesktopProblem,
} from '../../../../agent/session/windows/system';

const fixture = (name: string): string => readFileSync(path.join(__dirname, 'fixtures', name), 'utf8');
const values = (name: string) => parseRegistry(fixture(name));
const none = new Map<string, string | number>();

test('query session: users by session, whatever its language; a session without a screen has no name', () => {
  expect(parseQuerySession(fixture('query-session-en.txt')).filter(({ user }) => user !== '')).toEqual([
    { id: 1, user: 'Administrator', station: 'console' },
    { id: 2, user: 'ann', station: 'rdp-tcp#3' },
    { id: 3, user: 'bob.builder', station: '' },
  ]);
  expect(parseQuerySession(fixture('query-session-de.txt')).filter(({ user }) => user !== '')).toEqual([
    { id: 1, user: 'Ännchen Müller', station: 'console' },
    { id: 12, user: 'user 2', station: '' },
  ]);
  expect(parseQuerySession('')).toEqual([]);
});

test('E1: whose a session is its programs say by SID; the sign-in screen means that it is locked', () => {
  const rows = parseQuerySession(fixture('query-session-en.txt'));
  const programs = [
    { session: 1, program: 'explorer.exe', sid: 'S-1-5-21-1-2-3-500', account: 'DESK\\Administrator' },
    { session: 1, program: 'LogonUI.exe', sid: 'S-1-5-18', account: 'NT AUTHORITY\\SYSTEM' },
    { session: 2, program: 'sihost.exe', sid: 'S-1-5-21-9-9-9-1104', account: 'CONTOSO\\ann' },
    { session: 3, program: 'LogonUI.exe', sid: 'S-1-5-18', account: null },
  ];
  expect(combineSessions(rows, programs)).toEqual([
    {
      id: 1,
      user: 'Administrator',
      sid: 'S-1-5-21-1-2-3-500',
      account: 'DESK\\Administrator',
      state: 'locked',
    },
    { id: 2, user: 'ann', sid: 'S-1-5-21-9-9-9-1104', account: 'CONTOSO\\ann', state: 'active' },
    { id: 3, user: 'bob.builder', state: 'disconnected' },
  ]);
});

describe('C6: editions', () => {
  test.each([
    ['windows10', 'Windows 10 Pro 22H2 (build 19045)'],
    ['windows11', 'Windows 11 Enterprise 23H2 (build 22631)'],
    ['server2016', 'Windows Server 2016 Standard 1607 (build 14393)'],
    ['server2019', 'Windows Server 2019 Standard 1809 (build 17763)'],
    ['server2022', 'Windows Server 2022 Datacenter 21H2 (build 20348)'],
  ])('%s', (os, osVersion) => expect(editionOf(values(`version-${os}.txt`))).toEqual({ os, osVersion }));

  test('others are refused by name', () => {
    expect(() => editionOf(values('version-server2012r2.txt'))).toThrow(
      'Windows Server 2012 R2 Standard, build 9600',
    );
    expect(() => editionOf(none)).toThrow('not supported');
  });
});

describe('G2: sessions at once', () => {
  const plain = { server: values('terminal-server-plain.txt'), listener: none, policy: none };
  const rds = { server: values('terminal-server-rds.txt'), listener: none, policy: none };
  test('one on Windows 10, two on a server, many with Remote Desktop Services, fewer by policy', () => {
    expect(limitsOf('windows10', rds).maxSessions).toBe(1);
    expect(limitsOf('server2022', plain)).toEqual({
      rds: false,
      maxSessions: 2,
      multipleSessionsPerUser: false,
    });
    expect(limitsOf('server2022', rds)).toEqual({
      rds: true,
      maxSessions: 999_999,
      multipleSessionsPerUser: true,
    });
    const policy = new Map([
      ['maxinstancecount', 20],
      ['fsinglesessionperuser', 1],
    ]);
    expect(limitsOf('server2019', { ...rds, policy })).toEqual({
      rds: true,
      maxSessions: 20,
      multipleSessionsPerUser: false,
    });
    const listener = new Map([['maxinstancecount', 0xffffffff]]);
    expect(limitsOf('server2019', { ...rds, listener }).maxSessions).toBe(999_999);
  });

  test('Remote Desktop that is turned off is said', () => {
    expect(remoteDesktopProblem(plain)).toBeUndefined();
    expect(remoteDesktopProblem({ ...plain, policy: new Map([['fdenytsconnections', 1]]) })).toContain(
      'turned off',
    );
    expect(remoteDesktopProblem({ server: none, listener: none, policy: none })).toContain('turned off');
  });
});

test('passwords go to standard input, in ASCII; scripts are encoded', () => {
  expect(asciiJson({ password: 'pä"ß\u{1f511}' })).toBe('{"password":"p\\u00e4\\"\\u00df\\ud83d\\udd11"}');
  const [program, ...args] = powerShellCommand({ name: 'x', text: 'echo "1"' });
  expect(program).toBe('powershell.exe');
  expect(args.slice(0, -1)).toContain('-NonInteractive');
  expect(Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le')).toMatch(
    /ErrorActionPreference[^]*echo "1"$/,
  );
});

test('C1: FreeRDP gets account and password on its standard input, one argument a line', () => {
  const input = freeRdpInput({ account: 'CONTOSO\\robot', password: 'a /v:evil "b"', screen: '1280x800' });
  expect(input.split('\n')).toEqual(
    expect.arrayContaining([
      '/v:127.0.0.2',
      '/d:CONTOSO',
      '/u:robot',
      '/p:a /v:evil "b"',
      '/size:1280x800',
      '/sec:nla',
    ]),
  );
  expect(() => freeRdpInput({ account: 'A\\b', password: 'x\n/v:evil', screen: '1x1' })).toThrow(RangeError);
});

test.each([
  ['[ERROR] ERRCONNECT_LOGON_FAILURE [0x00020014]', 'SessionCreationInvalidCredentials'],
  ['ERRCONNECT_ACCOUNT_LOCKED_OUT', 'SessionCreationAccountLocked'],
  ['ERRCONNECT_PASSWORD_MUST_CHANGE', 'SessionCreationAccountLocked'],
  ['ERRCONNECT_LOGON_TYPE_NOT_GRANTED', 'SessionCreationError'],
  ['ERRCONNECT_CONNECT_FAILED', 'SessionCreationError'],
  ['', 'SessionCreationError'],
])('what FreeRDP says: %s', (said, code) => expect(freeRdpProblem(said, 'A\\b')).toMatchObject({ code }));

test.each([
  [0, undefined],
  [1385, undefined],
  [1326, 'SessionCreationInvalidCredentials'],
  [1331, 'SessionCreationAccountLocked'],
  [1909, 'SessionCreationAccountLocked'],
  [1907, 'SessionCreationAccountLocked'],
  [5, 'SessionCreationError'],
])('LogonUser answers %s', (number, code) =>
  expect(problemOfCode(number, { account: 'A\\b', sid: 'S-1' })?.code).toBe(code),
);

test('C3: a program in the session has no privileges of an administrator, and needs no password', () => {
  const text = sessionTaskXml({
    name: 't',
    sid: 'S-1-5-21-1-2-3-1001',
    command: ['C:\\a b\\node.exe', 'x.cjs', 'in-session', '\\\\.\\pipe\\p'],
  });
  expect(text).toContain(
    '<UserId>S-1-5-21-1-2-3-1001</UserId><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel>',
  );
  expect(text).toContain('<Arguments>x.cjs in-session \\\\.\\pipe\\p</Arguments>');
  expect(taskCommands({ name: 't' }, 'C:\\t.xml').create.join(' ')).toBe(
    'schtasks.exe /create /tn t /xml C:\\t.xml /f',
  );
  expect(grantCommand('C:\\runs\\r', 'S-1', 'change').join(' ')).toBe(
    'icacls.exe C:\\runs\\r /grant *S-1:(OI)(CI)M /q',
  );
  expect(lockCommand(3)).toEqual(['tsdiscon.exe', '3']);
  expect(signOffCommand(3)).toEqual(['logoff.exe', '3']);
});

test('the environment is that of the session`s user', () => {
  expect(userEnvironment({ account: 'CONTOSO\\ann', sid: 'S' }, 'C:\\Users\\ann')).toMatchObject({
    USERNAME: 'ann',
    USERDOMAIN: 'CONTOSO',
    USERPROFILE: 'C:\\Users\\ann',
    HOMEDRIVE: 'C:',
    HOMEPATH: '\\Users\\ann',
    TEMP: 'C:\\Users\\ann\\AppData\\Local\\Temp',
  });
});
