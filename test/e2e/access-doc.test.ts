import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectDocument } from './support/document';
import { ROOT, runScript } from './support/processes';
import { Product } from './support/product';

let folder: string;
let product: Product;
beforeAll(async () => {
  // The commands work on the installation of the folder that they are called in.
  folder = mkdtempSync(join(tmpdir(), 'attendant-access-'));
  const dataDir = join(folder, '.attendant');
  mkdirSync(dataDir);
  symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
  product = await Product.start({ dataDir });
});
afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function addPerson(name: string, role: string): Promise<Record<string, string>> {
  const args = ['people', 'add', name, '--role', role, '--data', product.dataDir, '--json'];
  const { code, out, err } = await runScript('cli/main.js', args);
  expect([code, err]).toEqual([0, '']);
  const { key } = JSON.parse(out) as { key: string };
  return { 'x-functions-key': key };
}

test('L8: the commands of docs/access.md do what it says', async () => {
  await expectDocument(readFileSync(join(ROOT, 'docs/access.md'), 'utf8'), product, folder);
});

test('L8: a key is worth what its role is, from the moment that it is given until it is taken away', async () => {
  const viewer = await addPerson('vera', 'viewer');
  const operator = await addPerson('otto', 'operator');
  const forged = Buffer.from('{"claims":[{"typ":"name","val":"x"},{"typ":"roles","val":"owner"}]}');
  const asOwner = { ...viewer, 'x-ms-client-principal': forged.toString('base64') };
  const disable = '/api/flows/process-invoices/disable';
  const enable = '/api/flows/process-invoices/enable';

  expect((await product.call('GET', '/api/machines', undefined, viewer)).status).toBe(200);
  for (const headers of [viewer, asOwner]) {
    const refused = await product.call('POST', disable, undefined, headers);
    expect([refused.status, refused.json]).toEqual([403, expect.objectContaining({ code: 'NotAllowed' })]);
  }
  expect((await product.call('POST', disable, undefined, operator)).status).toBe(200);
  expect((await product.call('POST', enable, undefined, operator)).status).toBe(200);
  expect((await product.call('GET', '/api/audit', undefined, operator)).json?.['code']).toBe('NotAllowed');

  const { entries } = await product.ok('GET', '/api/audit?target=process-invoices&top=4');
  expect((entries as { by: string; status: number }[]).map(({ by, status }) => [by, status])).toEqual([
    ['otto', 200],
    ['otto', 200],
    ['vera', 403],
    ['vera', 403],
  ]);

  await runScript('cli/main.js', ['people', 'remove', 'otto', '--data', product.dataDir]);
  expect((await product.call('GET', '/api/machines', undefined, operator)).status).toBe(401);
  expect((await product.call('GET', '/api/machines')).status).toBe(200);
});
