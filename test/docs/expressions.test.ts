import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expressionsDocument } from '../../scripts/expressions-doc';

test('docs/expressions.md lists the functions that there are', () => {
  const document = readFileSync(join(__dirname, '../../docs/expressions.md'), 'utf8');
  expect(document).toBe(expressionsDocument());
});
