#!/usr/bin/env node
// `npm run build:agent [-- <folder>]`: the package attendant-agent, one file with its dependencies embedded, in dist/agent-package.
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const out = path.resolve(process.argv[2] ?? path.join(root, 'dist/agent-package'));
const { version, license, engines } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const file = path.join(out, 'attendant-agent.cjs');

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: [path.join(root, 'agent/bundle.ts')],
  outfile: file,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minifySyntax: true,
  legalComments: 'eof',
  logLevel: 'warning',
  // Optional accelerators of ws; it does without.
  external: ['bufferutil', 'utf-8-validate'],
});
await chmod(file, 0o755);
await writeFile(
  path.join(out, 'package.json'),
  `${JSON.stringify(
    {
      name: 'attendant-agent',
      version,
      description: 'Runs desktop flows on this computer for an Attendant control plane.',
      license,
      engines,
      bin: { 'attendant-agent': 'attendant-agent.cjs' },
    },
    null,
    2,
  )}\n`,
);
console.log(`attendant-agent ${version}: ${path.relative(process.cwd(), out)}`);
