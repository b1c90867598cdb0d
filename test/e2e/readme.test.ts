import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runProgram } from './support/processes';
import { Product } from './support/product';

/** The installation and what this test runs in. */
const ELSEWHERE = /^npm ci/;

/** Lines of the README's blocks of shell commands. */
function commands(): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !ELSEWHERE.test(line));
}

let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product?.stop());

test('L6: one command starts the whole system on one computer, and every command of the README works there', async () => {
  const { url, key } = product.endpoint;
  const list = commands();
  expect(list.length).toBeGreaterThan(2);
  for (const command of list) {
    const ended = await runProgram('sh', ['-c', command], {
      env: { ATTENDANT_URL: url, ATTENDANT_KEY: key },
    });
    expect({ command, ...ended }).toMatchObject({ command, code: 0 });
  }
});
