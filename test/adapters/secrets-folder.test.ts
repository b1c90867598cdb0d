import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { secretsFolder } from '../../adapters/environment';

test('the sample settings keep secrets outside the folder of the app: the Functions host restarts when a folder appears in it', () => {
  const sample = readFileSync(join(__dirname, '../../local.settings.sample.json'), 'utf8');
  const { Values } = JSON.parse(sample) as { Values: Record<string, string> };
  const folder = secretsFolder(Values) ?? '';
  expect(isAbsolute(folder)).toBe(true);
  expect(folder.startsWith(homedir())).toBe(true);
});

test('other folders are taken as they are', () => {
  expect(secretsFolder({ ATTENDANT_SECRETS_DIR: '/srv/~/secrets' })).toBe('/srv/~/secrets');
  expect(secretsFolder({})).toBeUndefined();
});
