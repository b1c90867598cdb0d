import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentSealer } from '../../adapters/secrets/environment-sealer';
import { sealBox } from '../../contracts/sealed-box';
import { outputsUse } from '../../contracts/sealed-credential';

const sealer = new EnvironmentSealer({ ATTENDANT_DATA_KEY: 'a key of at least thirty-two characters' });
const value = { password: 'planted', list: [1, null] };

test('A8: what is sealed opens for its use only, shows nothing and is the same in every replay', () => {
  const sealed = sealer.seal(value, 'run 1');
  expect(sealer.open(sealed, 'run 1')).toEqual(value);
  expect(sealer.seal(value, 'run 1')).toEqual(sealed);
  expect(sealer.seal(value, 'run 2')).not.toEqual(sealed);
  expect(Buffer.from(sealed.$sealed.slice(3), 'base64url').toString('latin1')).not.toContain('planted');
  expect(() => sealer.open(sealed, 'run 2')).toThrow('cannot be opened');
});

test('A8: it does not open with another key, or when it was changed', () => {
  const other = new EnvironmentSealer({ ATTENDANT_DATA_KEY: 'another key of thirty-two characters' });
  const { $sealed } = sealer.seal(value, 'run 1');
  expect(() => other.open({ $sealed }, 'run 1')).toThrow('cannot be opened');
  for (const wrong of [
    $sealed.slice(0, -2),
    `${$sealed}AA`,
    $sealed.replace('s1.', ''),
    's1.',
    '',
    'nonsense',
  ]) {
    expect(() => sealer.open({ $sealed: wrong }, 'run 1')).toThrow('cannot be opened');
  }
});

test('A8: machines seal by the public key; it stays the same', () => {
  const box = sealBox(JSON.stringify(value), sealer.publicKey(), outputsUse('run 1'));
  expect(sealer.open({ $sealed: box }, 'run 1')).toEqual(value);
  expect(() => sealer.open({ $sealed: box }, 'run 2')).toThrow('cannot be opened');
});

test('the key of the local host is made once, for this user only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-key-'));
  const environment = { ATTENDANT_SECRETS_DIR: join(folder, 'secrets') };
  const sealed = new EnvironmentSealer(environment).seal(value, 'run 1');
  expect(new EnvironmentSealer(environment).open(sealed, 'run 1')).toEqual(value);
  expect(statSync(join(folder, 'secrets', 'data-key')).mode & 0o077).toBe(0);
  rmSync(folder, { recursive: true });
});

test.each([
  [{}, 'the setting ATTENDANT_DATA_KEY is missing'],
  [{ ATTENDANT_DATA_KEY: 'short' }, 'fewer than 32 characters'],
])('a key that is missing or short is named: %j', (environment, message) => {
  expect(() => new EnvironmentSealer(environment).seal(1, 'run 1')).toThrow(message);
});
