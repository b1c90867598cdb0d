import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const NODE_MODULES = resolve(__dirname, '../../../../node_modules');

const HEAD = "const { app } = require('@azure/functions'); const df = require('durable-functions');\n";

export interface TestApp {
  root: string;
  remove(): void;
}

/**
 * Writes an app of plain JavaScript into a folder of its own. `code` finds `app` and `df`; further files are given by path.
 */
export function writeApp(options: {
  code?: string;
  host?: object;
  package?: object;
  settings?: Record<string, string>;
  files?: Record<string, string>;
}): TestApp {
  const root = mkdtempSync(join(tmpdir(), 'host-app-'));
  symlinkSync(NODE_MODULES, join(root, 'node_modules'));
  const files: Record<string, string> = {
    'package.json': JSON.stringify({ main: 'app.js', ...options.package }),
    'host.json': JSON.stringify({ version: '2.0', ...options.host }),
    'local.settings.json': JSON.stringify({ IsEncrypted: false, Values: options.settings ?? {} }),
    ...(options.code !== undefined && { 'app.js': HEAD + options.code }),
    ...options.files,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
