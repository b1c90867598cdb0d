import { Claims } from '../../../local/broker/claims';
import {
  covers,
  entityPath,
  InvalidTokenError,
  parseSas,
  signedWith,
  signSas,
} from '../../../local/broker/sas';

const RULE = { name: 'rule', key: 'secret', rights: ['Listen' as const] };
const NOW = Date.UTC(2026, 0, 1);

test('a signature is good for its key alone', () => {
  const sas = parseSas(signSas('sb://host:1234/Queue-1', RULE, NOW));
  expect(sas).toMatchObject({ path: 'queue-1', keyName: 'rule', expiresAtMs: NOW });
  expect(signedWith(sas, 'secret')).toBe(true);
  expect(signedWith(sas, 'Secret')).toBe(false);
  expect(signedWith({ ...sas, expiry: '9999999999' }, 'secret')).toBe(false);
});

test.each([
  'Bearer abc',
  'SharedAccessSignature sr=a&sig=b&skn=c',
  'SharedAccessSignature sr=a&sig=b&se=soon&skn=c',
  'SharedAccessSignature sr=%zz&sig=b&se=1&skn=c',
])('%s is no signature', (token) => {
  expect(() => parseSas(token)).toThrow(InvalidTokenError);
});

test('a claim covers what lies below it, by whole names', () => {
  expect(entityPath('sb://host:1/A/B/')).toBe('a/b');
  expect(covers('', 'a')).toBe(true);
  expect(covers('a', 'a/$management')).toBe(true);
  expect(covers('a', 'ab')).toBe(false);
  expect(covers('a/b', 'a')).toBe(false);
});

test('claims end with their token, and when their key is taken away', () => {
  let now = NOW;
  let rules = [RULE];
  const claims = new Claims({ rulesNamed: () => rules }, () => now);
  const token = signSas('sb://host/q', RULE, NOW + 60_000);
  claims.put('sb://host/q', token);
  expect(() => claims.put('sb://host/other', token)).toThrow(/does not cover/);
  expect(claims.allows('q', 'Listen')).toBe(true);
  expect(claims.allows('q/$deadletterqueue', 'Listen')).toBe(true);
  expect(claims.allows('q', 'Send')).toBe(false);
  expect(claims.allows('q2', 'Listen')).toBe(false);
  expect(claims.nextExpiryMs()).toBe(NOW + 60_000);
  rules = [];
  expect(claims.allows('q', 'Listen')).toBe(false);
  rules = [RULE];
  now += 60_000;
  expect(claims.allows('q', 'Listen')).toBe(false);
  expect(() => claims.put('sb://host/q', token)).toThrow(/expired/);
});
