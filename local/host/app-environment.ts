/** What the process's environment is completed with while one app runs. */
export interface AppEnvironment {
  /** Puts back what was there before. */
  leave(): void;
}

/**
 * Sets what the real host and the Core Tools set: the app's settings, and the names by which SDKs know that they run in a host.
 * The environment belongs to the whole process, so of several hosts at once the latest wins.
 */
export function enterEnvironment(options: {
  env: NodeJS.ProcessEnv;
  settings: Record<string, string>;
  /** host:port of the public port. */
  hostname: string;
  root: string;
}): AppEnvironment {
  const { env, settings, hostname, root } = options;
  const values: Record<string, string> = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AZURE_FUNCTIONS_ENVIRONMENT: env['AZURE_FUNCTIONS_ENVIRONMENT'] ?? 'Development',
    ...settings,
    WEBSITE_HOSTNAME: hostname,
    AzureWebJobsScriptRoot: root,
  };
  const before = Object.keys(values).map((name) => [name, env[name]] as const);
  Object.assign(env, values);
  return {
    leave() {
      for (const [name, value] of before) {
        if (env[name] !== values[name]) continue;
        if (value === undefined) delete env[name];
        else env[name] = value;
      }
    },
  };
}
