/** Application settings, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the setting when it is missing or empty. */
export function requiredSetting(environment: Environment, name: string): string {
  const value = environment[name];
  if (!value) throw new Error(`the setting ${name} is missing`);
  return value;
}
