// Lays out what goes to Azure in dist/azure: host.json, the built app and its production modules as package-lock.json names
// them. Nothing of local/, agent/ or cli/, and no network: the modules are copied from node_modules.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Top-level parts of the build that the app is made of. */
const PARTS = ['app.js', 'contracts', 'domain', 'functions', 'orchestrators', 'entities', 'adapters'];

/**
 * @param {{ root: string, out: string }} where the project and the folder to (re)create
 * @returns {number} how many modules were copied
 * @throws {Error} when the app is not built
 */
export function packageApp({ root, out }) {
  if (!existsSync(join(root, 'dist/app.js'))) {
    throw new Error('dist/app.js is missing. Run npm run build first.');
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'dist'), { recursive: true });
  cpSync(join(root, 'host.json'), join(out, 'host.json'));
  for (const part of PARTS) {
    const from = join(root, 'dist', part);
    if (existsSync(from)) cpSync(from, join(out, 'dist', part), { recursive: true });
  }
  const { name, version, type, main, dependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const manifest = { name, version, private: true, type, main, dependencies };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return copyModules(root, out);
}

function copyModules(root, out) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const paths = Object.entries(packages)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.dev && !entry.devOptional)
    .map(([path]) => path)
    .filter((path) => existsSync(join(root, path)));
  for (const path of paths) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    // A module's own node_modules are entries of their own: some of them are for development only.
    const nested = join(root, path, 'node_modules');
    cpSync(join(root, path), join(out, path), { recursive: true, filter: (source) => source !== nested });
  }
  return paths.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const out = join(root, 'dist', 'azure');
  console.log(`${packageApp({ root, out })} modules and the app in ${out}`);
}
