#!/usr/bin/env node
// Last step of the build: `npx attendant` in a checkout finds the commands in node_modules/.bin. They are not in package.json's `bin`, because
// for a `bin` of the folder it stands in, npx installs the folder into its cache at each call: slow, and broken when two calls do it at once.
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bins = path.join(root, 'node_modules/.bin');
const commands = { attendant: 'dist/cli/main.js', 'attendant-agent': 'dist/agent/main.js' };

mkdirSync(bins, { recursive: true });
for (const [name, target] of Object.entries(commands)) {
  const file = path.join(root, target);
  const relative = path.relative(bins, file);
  if (process.platform === 'win32') {
    writeFileSync(path.join(bins, `${name}.cmd`), `@node "%~dp0\\${relative}" %*\r\n`);
    continue;
  }
  chmodSync(file, 0o755);
  // Made aside and moved into place: a build beside a running command never leaves a moment without it.
  const made = path.join(bins, `.${name}-${process.pid}`);
  rmSync(made, { force: true });
  symlinkSync(relative, made);
  renameSync(made, path.join(bins, name));
}
