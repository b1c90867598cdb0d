import { readFileSync } from 'node:fs';
import { parserModule } from '../../../scripts/grammar';

test('the parser is that of the grammar', () => {
  expect(readFileSync('domain/expressions/grammar.generated.ts', 'utf8')).toBe(parserModule());
});
