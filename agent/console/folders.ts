import path from 'node:path';

/** Where the console of an agent that acts for all users is found: its data folder is closed to them. */
const SHARED = process.platform === 'win32' ? 'C:\\ProgramData\\attendant-agent' : '/run/attendant-agent';

/** The folder in which an agent's console leaves what users read. */
export function consoleFolder(dataDir: string, kind: 'own' | 'linux' | 'windows'): string {
  return kind !== 'own' ? SHARED : path.join(dataDir, 'console');
}

/** Where to look for a console, first come first served. */
export function consoleFolders(dataDir: string): string[] {
  return [consoleFolder(dataDir, 'own'), SHARED];
}
