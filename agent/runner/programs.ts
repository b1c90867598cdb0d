import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';

/** Looks for a program in folders as PATH lists them. */
export async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, name);
    if ((await isFile(file)) && (await isExecutable(file))) return file;
  }
  return undefined;
}

/** The first of several programs that is there. */
export async function findFirst(names: readonly string[], searchPath: string): Promise<string | undefined> {
  for (const name of names) {
    const found = await findProgram(name, searchPath);
    if (found) return found;
  }
  return undefined;
}

/** @returns undefined when `relative` leaves the folder. */
export function insideFolder(folder: string, relative: string): string | undefined {
  const file = path.resolve(folder, relative);
  return file.startsWith(folder + path.sep) ? file : undefined;
}

export async function isFile(file: string): Promise<boolean> {
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
