import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCatalogue } from '../../contracts/errors';
import { errorsDocument } from '../../scripts/errors-doc';

const path = join(__dirname, '../../docs/errors.md');

it('J1: docs/errors.md lists the catalogue: each code once, with its message and remedy', () => {
  // When this fails: npm run build && node dist/scripts/errors-doc.js
  const text = readFileSync(path, 'utf8');
  expect(text).toBe(errorsDocument());
  const listed = [...text.matchAll(/^### (\w+)/gm)].map(([, code]) => code);
  expect(listed).toHaveLength(Object.keys(errorCatalogue).length);
  expect(new Set(listed)).toEqual(new Set(Object.keys(errorCatalogue)));
});
