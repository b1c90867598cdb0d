import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealCredential } from '../../adapters/secrets/seal-credential';
import { newKeyPair } from '../../agent/identity/keys';
import { openCredential } from '../../agent/identity/sealed-credential';
import type { Credential, SealedUse } from '../../contracts/sealed-credential';

/** Made with RFC 5869's HKDF written out by hand: what is sealed by one version must open in every later one. */
const vector = JSON.parse(readFileSync(join(__dirname, '../fixtures/sealed-credential.json'), 'utf8')) as {
  privateKey: string;
  publicKey: string;
  use: { machine: string; run: string; fence: { epoch: number; n: number } };
  sealed: string;
  credential: Credential;
};

describe('B3: a credential is sealed for one machine and one use', () => {
  const { privateKey, publicKey, use, credential } = vector;
  const sealed = sealCredential(credential, publicKey, use);

  it('the vector opens', () => {
    expect(openCredential(vector.sealed, privateKey, use)).toEqual(credential);
  });

  it('what is sealed opens, is different every time and shows nothing', () => {
    expect(openCredential(sealed, privateKey, use)).toEqual(credential);
    expect(sealCredential(credential, publicKey, use)).not.toBe(sealed);
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('robot');
  });

  const other = `m-${'0'.repeat(26)}`;
  it.each<[string, SealedUse]>([
    ['another machine', { ...use, machine: other }],
    ['another run', { ...use, run: use.run.replace('-1', '-2') }],
    ['another grant', { ...use, fence: { epoch: 2, n: 8 } }],
    ['another registration', { ...use, fence: { epoch: 3, n: 7 } }],
    ['a test', { machine: use.machine, test: use.run, epoch: 2 }],
  ])('it does not open for %s', (_what, wrong) => {
    expect(() => openCredential(sealed, privateKey, wrong)).toThrow('cannot be opened');
  });

  it('it does not open with another key, or when any part was changed', () => {
    expect(() => openCredential(sealed, newKeyPair('x25519').privateKey, use)).toThrow('cannot be opened');
    const [version = '', sender = '', body = ''] = sealed.split('.');
    const flipped = (text: string): string => {
      const bytes = Buffer.from(text, 'base64url');
      bytes[3] = (bytes[3] ?? 0) ^ 1;
      return bytes.toString('base64url');
    };
    for (const parts of [
      ['2', sender, body],
      [version, flipped(sender), body],
      [version, sender, flipped(body)],
      [version, sender, body.slice(0, 20)],
      [version, Buffer.alloc(32).toString('base64url'), body],
      [version, sender, body, 'more'],
      ['nonsense'],
    ]) {
      expect(() => openCredential(parts.join('.'), privateKey, use)).toThrow(
        expect.objectContaining({ code: 'SessionCreationInvalidCredentials' }),
      );
    }
  });

  it('a sealing key that is none is an error', () => {
    expect(() => sealCredential(credential, '', use)).toThrow('asymmetric key');
  });
});
