// Runs the samples of Azure/azure-functions-durable-js on the local host: npm run samples -- <checkout>
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error(
    'Name a checkout of https://github.com/Azure/azure-functions-durable-js (branch v3.x), with `npm ci && npm update durable-functions` done in samples-js, and `npm ci && npm run build && npm update durable-functions` in samples-ts:\n  npm run samples -- <folder>',
  );
  process.exit(2);
}
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const { status } = spawnSync(
  process.execPath,
  [jest, '--verbose', '--runInBand', 'test/conformance/samples/samples.test.ts'],
  { stdio: 'inherit', env: { ...process.env, ATTENDANT_SAMPLES: folder } },
);
process.exit(status ?? 1);
