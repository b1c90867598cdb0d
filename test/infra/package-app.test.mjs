import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { packageApp } from '../../scripts/package-app.mjs';

describe('package-app', () => {
  let root;
  const write = (path, content) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'attendant-package-'));
    write('host.json', { version: '2.0' });
    write('package.json', {
      name: 'x',
      version: '1.2.3',
      main: 'dist/app.js',
      scripts: { prepare: 'npm run build' },
      dependencies: { a: '1' },
      devDependencies: { d: '1' },
    });
    write('package-lock.json', {
      packages: {
        '': {},
        'node_modules/a': {},
        'node_modules/a/node_modules/b': {},
        'node_modules/a/node_modules/c': { dev: true },
        'node_modules/d': { dev: true },
        'node_modules/other-system': { optional: true },
      },
    });
    for (const path of ['a', 'a/node_modules/b', 'a/node_modules/c', 'd']) {
      write(`node_modules/${path}/index.js`, '');
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('takes the app and its production modules, and nothing else', () => {
    for (const path of [
      'app.js',
      'functions/flows/run.js',
      'local/main.js',
      'agent/main.js',
      'cli/main.js',
    ]) {
      write(`dist/${path}`, '');
    }
    const out = join(root, 'dist/azure');
    assert.equal(packageApp({ root, out }), 2);
    const has = (path) => existsSync(join(out, path));
    for (const path of ['host.json', 'dist/app.js', 'dist/functions/flows/run.js'])
      assert.ok(has(path), path);
    for (const path of ['a/index.js', 'a/node_modules/b/index.js'])
      assert.ok(has(`node_modules/${path}`), path);
    for (const path of [
      'dist/local',
      'dist/agent',
      'dist/cli',
      'node_modules/d',
      'node_modules/a/node_modules/c',
    ]) {
      assert.ok(!has(path), path);
    }
    const manifest = JSON.parse(readFileSync(join(out, 'package.json'), 'utf8'));
    assert.equal(manifest.main, 'dist/app.js');
    assert.equal(manifest.scripts, undefined);
  });

  it('says what to do when the app is not built', () => {
    assert.throws(() => packageApp({ root, out: join(root, 'out') }), /npm run build/);
  });
});
