import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rotatingLog } from '../../../agent/rotating-log';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'attendant-log-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the log is kept in a few files of a limited size, the newest lines in the first', () => {
  const file = path.join(folder, 'agent.log');
  const write = rotatingLog({ file, maxBytes: 100, files: 3 });
  for (let number = 0; number < 100; number++) write(`line number ${String(number).padStart(3, '0')}\n`);
  expect(readdirSync(folder).sort()).toEqual(['agent.log', 'agent.log.1', 'agent.log.2']);
  for (const name of readdirSync(folder))
    expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(100);
  expect(readFileSync(file, 'utf8')).toMatch(/line number 099\n$/);
  const all = ['agent.log.2', 'agent.log.1', 'agent.log'].map((name) =>
    readFileSync(path.join(folder, name), 'utf8'),
  );
  const numbers = all
    .join('')
    .trim()
    .split('\n')
    .map((line) => Number(line.slice(-3)));
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
});

test('it goes on in the file that is there', () => {
  const file = path.join(folder, 'agent.log');
  rotatingLog({ file, maxBytes: 20 })('before the restart\n');
  rotatingLog({ file, maxBytes: 20 })('after it\n');
  expect(readFileSync(file, 'utf8')).toBe('after it\n');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('before the restart\n');
});

test('a folder that cannot be written ends nothing', () => {
  expect(() => rotatingLog({ file: path.join(folder, 'missing', 'agent.log') })('lost\n')).not.toThrow();
});
