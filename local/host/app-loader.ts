import { globSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, runInThisContext } from 'node:vm';
import type { AppRegistry } from './app-registry';
import { nodeModules, supplyCoreModule } from './core-module';
import type { PackageJson } from './host-config';
import { HostError, messageOf } from './host-error';

/** Packages that keep what an app registers in their own module state. */
const STATEFUL_PACKAGES = [join('@azure', 'functions'), 'durable-functions'].map(
  (name) => `${sep}node_modules${sep}${name}${sep}`,
);

let loading: Promise<unknown> = Promise.resolve();
let loads = 0;

/**
 * Loads the files that `main` in package.json names (a path or a glob) so that what they register lands in `registry`.
 * Every load runs the app's CommonJS files afresh; of an app in ES modules only the entry files (Node keeps imported
 * modules for the life of the process). Loads of one process follow one another.
 * @throws HostError `AppNotFound` or `AppFailedToLoad` naming the file.
 */
export function loadApp(options: {
  root: string;
  package: PackageJson;
  registry: AppRegistry;
}): Promise<void> {
  const turn = loading.then(() => loadNow(options));
  loading = turn.catch(() => {});
  return turn;
}

async function loadNow(options: {
  root: string;
  package: PackageJson;
  registry: AppRegistry;
}): Promise<void> {
  const { root, registry } = options;
  const files = entryFiles(root, options.package.main);
  const modules = nodeModules();
  const supply = supplyCoreModule(registry);
  forgetEarlierLoads(modules._cache, supply.loaded);
  const before = new Set(Object.keys(modules._cache));
  loads++;
  try {
    for (const file of files) {
      registry.entryPoint = file;
      await loadFile(file, options.package, modules);
    }
  } finally {
    registry.entryPoint = undefined;
    for (const name of Object.keys(modules._cache)) if (!before.has(name)) supply.loaded.add(name);
  }
  registry.model ??= supply.model;
}

function entryFiles(root: string, main: string | undefined): string[] {
  if (!main) {
    throw new HostError(
      'AppNotFound',
      `${join(root, 'package.json')} has no "main". Name the file (or a glob) that registers the functions.`,
    );
  }
  const files = globSync(main, { cwd: root })
    .map((file) => resolve(root, file))
    .sort();
  if (files.length === 0) {
    const what = /[*?[{]/.test(main) ? 'No file matches' : 'There is no file';
    throw new HostError(
      'AppNotFound',
      `${what} ${join(root, main)} ("main" in package.json). Is the app built?`,
    );
  }
  return files;
}

async function loadFile(
  file: string,
  packageJson: PackageJson,
  modules: ReturnType<typeof nodeModules>,
): Promise<void> {
  try {
    if (isEsModule(file, packageJson)) {
      await nativeImport(`${pathToFileURL(file).href}?load=${loads}`);
    } else {
      modules.createRequire(file)(file);
    }
  } catch (cause) {
    throw new HostError(
      'AppFailedToLoad',
      `The app could not be loaded: ${file} threw: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function isEsModule(file: string, packageJson: PackageJson): boolean {
  if (file.endsWith('.mjs')) return true;
  return !file.endsWith('.cjs') && packageJson.type === 'module';
}

/** `import()` from CommonJS output and from inside jest, which would otherwise take it for its own. */
function nativeImport(url: string): Promise<unknown> {
  const run = runInThisContext('(url) => import(url)', {
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }) as (url: string) => Promise<unknown>;
  return run(url);
}

function forgetEarlierLoads(cache: Record<string, unknown>, loaded: Set<string>): void {
  for (const name of Object.keys(cache)) {
    if (loaded.has(name) || STATEFUL_PACKAGES.some((part) => name.includes(part))) delete cache[name];
  }
  loaded.clear();
}
