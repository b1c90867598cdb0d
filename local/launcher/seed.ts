import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalApi } from './local-api';
import { writePrivateJson, type DataDir } from './data-dir';
import { zipFolder } from './zip-folder';

export interface SeedOptions {
  root: string;
  dir: DataDir;
  url: string;
  key: string;
  machine: string;
}

/** Connection that the examples run over: the session of the agent on this computer. */
export const LOCAL_CONNECTION = 'this-computer';
export const EXAMPLE_FLOW = 'process-invoices';

/** Publishes the examples, once per installation; a start that was cut short does it again, which changes nothing. */
export async function seedExamples(options: SeedOptions): Promise<void> {
  const marker = join(options.dir.root, 'seeded.json');
  if (existsSync(marker)) return;
  const api = new LocalApi(options.url, options.key);
  await api.put(`/api/connections/${LOCAL_CONNECTION}`, { target: { kind: 'machine', id: options.machine } });
  const desktopFlows = join(options.root, 'examples/desktop-flows');
  for (const name of readdirSync(desktopFlows)) {
    await api.putBytes(
      `/api/desktop-flows/${name}`,
      await zipFolder(join(desktopFlows, name)),
      'application/zip',
    );
  }
  const cloudFlows = join(options.root, 'examples/cloud-flows');
  for (const file of readdirSync(cloudFlows)) {
    const definition: unknown = JSON.parse(readFileSync(join(cloudFlows, file), 'utf8'));
    await api.put(`/api/flows/${file.replace(/\.json$/, '')}`, definition);
  }
  await startExample(options, api);
  writePrivateJson(marker, { at: new Date().toISOString() });
}

/** One run, so that the first look at the product shows something; the key keeps it to one. */
async function startExample(options: SeedOptions, api: LocalApi): Promise<void> {
  const csv = await api.uploadFile(join(options.root, 'examples/desktop-flows/invoices/sample/invoices.csv'));
  await api.runFlow(EXAMPLE_FLOW, { csv }, 'first-start-example');
}
