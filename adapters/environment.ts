import { homedir } from 'node:os';
import { join } from 'node:path';

/** Application settings, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the setting when it is missing or empty. */
export function requiredSetting(environment: Environment, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`the setting ${name} is missing`);
  return value;
}

/**
 * ATTENDANT_SECRETS_DIR, if it is set; `~/` is the user's home. It lies outside the app's folder: the Functions host restarts when a folder
 * appears in there, and whoever called it then waits in vain.
 */
export function secretsFolder(environment: Environment): string | undefined {
  const folder = environment['ATTENDANT_SECRETS_DIR'];
  return folder?.startsWith('~/') ? join(homedir(), folder.slice(2)) : folder;
}
