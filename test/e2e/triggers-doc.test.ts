import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDefinition } from '../../domain/flows/definition-problems';
import { expectDocument } from './support/document';
import { ROOT } from './support/processes';
import { Product } from './support/product';

const document = readFileSync(join(ROOT, 'docs/triggers.md'), 'utf8');

test('every trigger that docs/triggers.md shows is one', () => {
  const shown = [...document.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(
    ([, text = '']) => JSON.parse(text) as object,
  );
  expect(shown.length).toBeGreaterThanOrEqual(2);
  for (const trigger of shown) {
    const actions = { Say: { type: 'Compose', inputs: 1 } };
    expect(checkDefinition({ name: 'shown', triggers: { trigger }, actions }).problems).toEqual([]);
  }
});

test('every command of docs/triggers.md prints what it says there (A2, A3)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-triggers-'));
  const product = await Product.start();
  try {
    await expectDocument(document, product, folder);
  } finally {
    await product.stop();
    rmSync(folder, { recursive: true });
  }
}, 90_000);
