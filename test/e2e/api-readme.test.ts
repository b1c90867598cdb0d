import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runProgram } from './support/processes';
import { Product } from './support/product';

const read = (file: string): string => readFileSync(join(ROOT, 'docs/api', file), 'utf8');

test('the commands of docs/api/README.md do what it says, and the description is served to anyone', async () => {
  const readme = read('README.md');
  const [setup, ...blocks] = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  // Where the host is and its key: given by the test, as the port is not the usual one.
  expect(setup).toMatch(/^URL=.*\nKEY=.*\n$/);
  const product = await Product.start();
  try {
    const { url, key } = product.endpoint;
    const { code, out, err } = await runProgram('sh', ['-euc', blocks.join('\n')], {
      env: { URL: url, KEY: key },
    });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('"status":"ok"');
    expect(out).toContain('"name":"process-invoices"');
    expect(out).toContain('"status":"Succeeded"');
    expect(out).toContain('"complete":true');
    expect(out).toContain('"name":"rejects.csv"');
    expect(out).toContain('"code":"RunAlreadyEnded"');
    expect(out).toMatch(/"queue":"m-[0-9a-z]{26}"/);

    const served = await product.call('GET', '/api/openapi.json', undefined, {
      'x-functions-key': undefined,
    });
    expect([served.status, served.text]).toEqual([200, read('openapi.json')]);
  } finally {
    await product.stop();
  }
});
