import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DesktopFlowManifest } from '../../contracts/desktop-flow';
import { AgentError } from '../errors';

/** Program and arguments that execute a desktop flow. */
export interface FlowCommand {
  program: string;
  args: string[];
}

interface Place {
  manifest: DesktopFlowManifest;
  folder: string;
  /** Folders in which programs are looked for, as in PATH. */
  searchPath: string;
}

type Kind = DesktopFlowManifest['runner'];

/** The runners of this agent; a kind without an entry cannot be run here (row L5). */
const runners: Partial<Record<Kind, (place: Place) => Promise<FlowCommand>>> = {
  node: async (place) => ({ program: process.execPath, args: [await entryFile(place)] }),
  python: async (place) => ({ program: await python(place.searchPath), args: [await entryFile(place)] }),
  exec: async (place) => ({ program: await executable(place), args: [] }),
};

/**
 * @throws AgentError RunnerNotAvailable (kind unknown here, interpreter missing), InvalidPackage (entry missing),
 * ElevationNotAllowed (row C3).
 */
export async function flowCommand(place: Place): Promise<FlowCommand> {
  const { manifest } = place;
  if (manifest.elevated) {
    throw new AgentError('ElevationNotAllowed', 'desktop-flow.yaml has "elevated: true".');
  }
  const runner = runners[manifest.runner];
  if (!runner) throw new AgentError('RunnerNotAvailable', `This machine has no runner "${manifest.runner}".`);
  const { program, args } = await runner(place);
  return { program, args: [...args, ...(manifest.args ?? [])] };
}

/** Kinds of desktop flows that can be executed here. */
export async function availableKinds(searchPath: string): Promise<Kind[]> {
  const hasPython = await python(searchPath).then(
    () => true,
    () => false,
  );
  return hasPython ? ['exec', 'node', 'python'] : ['exec', 'node'];
}

async function python(searchPath: string): Promise<string> {
  for (const name of process.platform === 'win32' ? ['python.exe', 'py.exe'] : ['python3', 'python']) {
    const found = await findProgram(name, searchPath);
    if (found) return found;
  }
  throw new AgentError('RunnerNotAvailable', 'Python 3 is not installed on this machine.');
}

async function entryFile({ manifest, folder }: Place): Promise<string> {
  const file = insideFolder(folder, manifest.entry);
  if (!file || !(await isFile(file))) {
    throw new AgentError('InvalidPackage', `The entry "${manifest.entry}" is not in the package.`);
  }
  return file;
}

/** A file of the package, else an absolute path or a program of the machine. */
async function executable({ manifest, folder, searchPath }: Place): Promise<string> {
  const { entry } = manifest;
  const own = insideFolder(folder, entry);
  if (own && (await isFile(own))) return own;
  const program = path.isAbsolute(entry)
    ? entry
    : /[\\/]/.test(entry)
      ? undefined
      : await findProgram(entry, searchPath);
  if (program && (await isFile(program))) return program;
  throw new AgentError(
    'RunnerNotAvailable',
    `The program "${entry}" is neither in the package nor installed on this machine.`,
  );
}

function insideFolder(folder: string, relative: string): string | undefined {
  const file = path.resolve(folder, relative);
  return file.startsWith(folder + path.sep) ? file : undefined;
}

async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, name);
    if ((await isFile(file)) && (await isExecutable(file))) return file;
  }
  return undefined;
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
