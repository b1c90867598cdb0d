import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { notifySend } from '../../../agent/console/notify-send';
import { silentLog } from '../../../agent/log';

/** Writes its arguments down and, where it has buttons, has the first one pressed. */
const program = `#!/usr/bin/env node
require('node:fs').appendFileSync(__dirname + '/calls', JSON.stringify(process.argv.slice(2)) + '\\n');
console.log('7');
const first = process.argv.find((word) => word.startsWith('--action='));
if (first) console.log(first.split('=')[1]);
`;

test('K2: notify-send shows buttons, tells which was pressed, and the next notice takes the place of the last', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-notify-'));
  const file = path.join(folder, 'notify-send');
  writeFileSync(file, program);
  chmodSync(file, 0o755);
  const own = async (_user: string, name: string, args: string[], options = {}) => spawn(name, args, options);
  const notifier = notifySend(own, silentLog, file);
  const of = { user: 'anna', run: 'r' };
  const buttons = [
    { control: 'pause', label: 'Pause' },
    { control: 'stop', label: 'Stop' },
  ] as const;
  const pressed = await new Promise((resolve) => {
    notifier.show(of, { title: '-a & b', text: '<b>', urgency: 'normal', buttons }, resolve);
  });
  expect(pressed).toBe('pause');
  const calls = (): string[][] =>
    readFileSync(path.join(folder, 'calls'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
  notifier.show(of, { title: 'over', text: '', urgency: 'critical', buttons: [] }, () => undefined);
  for (const end = performance.now() + 10_000; calls().length < 2 && performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [first, second] = calls();
  expect(first).toEqual(expect.arrayContaining(['--wait', '--action=pause=Pause', '--action=stop=Stop']));
  expect(first?.slice(-3)).toEqual(['--', '-a & b', '&lt;b&gt;']);
  expect(second).toEqual(expect.arrayContaining(['--replace-id=7', '--urgency=critical']));
  expect(second).not.toContain('--wait');
  rmSync(folder, { recursive: true });
});
