import {
  describePlan,
  restartCommands,
  runAll,
  systemdInstallation,
  systemdRemoval,
  windowsInstallation,
  windowsRemoval,
} from '../../../agent/cli/service';
import { windowsWord } from '../../../agent/system/windows-words';

const linux = {
  node: '/usr/bin/node',
  program: '/opt/attendant-agent/attendant-agent.cjs',
  dataDir: '/var/lib/attendant-agent',
};
const windows = {
  node: 'C:\\Program Files\\nodejs\\node.exe',
  program: 'C:\\Program Files\\Attendant Agent\\attendant-agent.cjs',
  dataDir: 'C:\\ProgramData\\attendant-agent',
};

test('systemd: starts with the system, comes back, not after an error of configuration', () => {
  const { write, run } = systemdInstallation({ ...linux, args: ['--max-sessions', '4'] });
  expect(write).toHaveLength(1);
  expect(write[0]?.file).toBe('/etc/systemd/system/attendant-agent.service');
  const text = write[0]?.text ?? '';
  expect(text).toContain(
    'ExecStart=/usr/bin/node /opt/attendant-agent/attendant-agent.cjs run --data /var/lib/attendant-agent --max-sessions 4\n',
  );
  for (const line of ['Restart=always', 'RestartPreventExitStatus=78', 'KillMode=process', 'Delegate=yes'])
    expect(text).toContain(`\n${line}\n`);
  expect(text).not.toContain('NoNewPrivileges');
  expect(run.map((words) => words.join(' '))).toEqual([
    'systemctl daemon-reload',
    'systemctl enable attendant-agent',
    'systemctl restart attendant-agent',
  ]);
  expect(systemdRemoval().remove).toEqual(['/etc/systemd/system/attendant-agent.service']);
});

test('systemd: blanks, quotes, % and $ in paths mean themselves', () => {
  const { write } = systemdInstallation({ ...linux, dataDir: '/srv/a "b" 100%/$x' });
  expect(write[0]?.text).toContain('--data "/srv/a \\"b\\" 100%%/$$x"\n');
});

test('Windows: a task of the system account without an end, in a folder of its own', () => {
  const plan = windowsInstallation(windows);
  const [task] = plan.write;
  expect(task).toMatchObject({ file: 'C:\\ProgramData\\attendant-agent\\service.xml', encoding: 'utf16le' });
  const text = task?.text ?? '';
  expect(text.startsWith('\uFEFF<?xml version="1.0" encoding="UTF-16"?>')).toBe(true);
  expect(text).toContain('<UserId>S-1-5-18</UserId>');
  expect(text).toContain('<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>');
  expect(text).toContain('<Command>C:\\Program Files\\nodejs\\node.exe</Command>');
  expect(text).toContain(
    '<Arguments>&quot;C:\\Program Files\\Attendant Agent\\attendant-agent.cjs&quot; run --data C:\\ProgramData\\attendant-agent ' +
      '--log-file C:\\ProgramData\\attendant-agent\\agent.log</Arguments>',
  );
  expect(plan.run[0]).toEqual(
    expect.arrayContaining(['icacls', '/inheritance:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F']),
  );
  expect(describePlan(plan)).toContain(
    'schtasks /create /tn attendant-agent /xml C:\\ProgramData\\attendant-agent\\service.xml /f\n' +
      'schtasks /run /tn attendant-agent',
  );
  expect(windowsRemoval(windows.dataDir).run.map((words) => words.join(' '))).toEqual([
    'schtasks /end /tn attendant-agent',
    'schtasks /delete /tn attendant-agent /f',
  ]);
});

// The rules of CommandLineToArgvW: Microsoft, "Parsing C command-line arguments".
test.each([
  ['plain', 'plain'],
  ['a b', '"a b"'],
  ['C:\\a b\\', '"C:\\a b\\\\"'],
  ['say "hi"', '"say \\"hi\\""'],
  ['a\\"b', '"a\\\\\\"b"'],
  ['', '""'],
])('a word of a Windows command line: %s', (word, written) => expect(windowsWord(word)).toBe(written));

test('a system that refuses is quoted', async () => {
  const refused = runAll([['systemctl', 'enable', 'x']], async () => ({
    code: 1,
    stdout: '',
    stderr: 'Access denied\n',
  }));
  await expect(refused).rejects.toMatchObject({
    code: 'ServiceNotChanged',
    message: 'systemctl enable x: Access denied',
    remedy: expect.stringContaining('root') as string,
  });
});

test('a task that does not run needs no end before it is started', async () => {
  const ran: string[] = [];
  await runAll(restartCommands('win32'), async (program, args) => {
    ran.push([program, ...args].join(' '));
    return { code: args.includes('/end') ? 1 : 0, stdout: '', stderr: '' };
  });
  expect(ran).toEqual(['schtasks /end /tn attendant-agent', 'schtasks /run /tn attendant-agent']);
});
