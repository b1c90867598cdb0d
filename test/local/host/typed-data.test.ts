import { textData } from '../../../local/host/typed-data';

describe('a text is handed over unread only where it cannot be JSON', () => {
  const json = ['1', '-1.5e3', ' 7 ', '"a"', 'true', 'null', 'false', '{"a":1}', '[1]', '\n{}'];
  test.each([...json, '', 'nobody', 'tea', '1.2.3'])('%j goes through the parser', (text) => {
    expect(textData(text)).toEqual({ string: text });
  });

  const others = ['01JABC', 'application/json', '3f2a9c1e-0000-4000-8000-000000000000', 'Änderung', '-x'];
  test.each(others)('%j does not', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(textData(text)).toEqual({ int: text });
  });
});
