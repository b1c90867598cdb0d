import fc from 'fast-check';
import { AGENT_SESSION, parseUserName, userKey } from '../../contracts/user-name';

describe('E1: account names', () => {
  it.each([
    ['robot', { form: 'plain', user: 'robot' }],
    ['first last', { form: 'plain', user: 'first last' }],
    ['.\\robot', { form: 'local', user: 'robot' }],
    ['CONTOSO\\robot', { form: 'authority', authority: 'CONTOSO', user: 'robot' }],
    ['contoso.com\\robot', { form: 'authority', authority: 'contoso.com', user: 'robot' }],
    ['AzureAD\\robot@contoso.com', { form: 'authority', authority: 'AzureAD', user: 'robot@contoso.com' }],
    ['robot@contoso.com', { form: 'principal', user: 'robot', domain: 'contoso.com' }],
    ['jörg@münchen.de', { form: 'principal', user: 'jörg', domain: 'münchen.de' }],
  ])('%s', (text, expected) => expect(parseUserName(text)).toEqual(expected));

  it.each([
    '',
    ' robot',
    'robot ',
    '.',
    '. .',
    '@agent',
    'robot@',
    '@contoso.com',
    'a@b@contoso.com',
    'robot@contoso..com',
    'CONTOSO/robot',
    'CONTOSO\\',
    '\\robot',
    'A\\B\\robot',
    '..\\robot',
    'CON TOSO\\robot',
    'robot\n',
    'robot;id',
    'a"b',
  ])('%j is none', (text) => expect(parseUserName(text)).toBeUndefined());

  const part = fc.stringMatching(/^[A-Za-z0-9äöüÄÖÜ_-]{1,12}$/);
  const written = fc.oneof(
    part,
    part.map((user) => `.\\${user}`),
    fc.tuple(part, part).map(([authority, user]) => `${authority}\\${user}`),
    fc.tuple(part, part, part).map(([user, domain, top]) => `${user}@${domain}.${top}`),
  );

  it('each form is read back to what was written', () => {
    fc.assert(
      fc.property(written, (text) => {
        const name = parseUserName(text);
        if (!name) throw new Error('not understood');
        const again = {
          plain: name.user,
          local: `.\\${name.user}`,
          authority: name.form === 'authority' ? `${name.authority}\\${name.user}` : '',
          principal: name.form === 'principal' ? `${name.user}@${name.domain}` : '',
        }[name.form];
        expect(again).toBe(text);
      }),
    );
  });

  it('the same-user key does not depend on case or composition, and is its own key', () => {
    fc.assert(
      fc.property(written, (text) => {
        const key = userKey(text);
        for (const other of [text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'), key])
          expect(userKey(other)).toBe(key);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => userKey(userKey(text)) === userKey(text)),
    );
  });

  it('different names and different forms have different keys', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        fc.pre(a.toLowerCase() !== b.toLowerCase());
        expect(userKey(a)).not.toBe(userKey(b));
      }),
    );
    expect(userKey('straße')).not.toBe(userKey('strasse'));
  });

  it('any text is answered, and none that is an account has the key of the agent session', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseUserName(text) !== undefined && userKey(text) === AGENT_SESSION).toBe(false);
      }),
    );
  });
});
