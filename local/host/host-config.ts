import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HostError, messageOf } from './host-error';
import { parseTimeSpan } from './time-span';

const timeSpan = z.string().transform((text, context) => {
  const ms = parseTimeSpan(text);
  if (ms === undefined) context.addIssue(`"${text}" is no time span (hh:mm:ss)`);
  return ms ?? 0;
});

const hostJson = z.object({
  functionTimeout: timeSpan.optional(),
  logging: z.object({ logLevel: z.record(z.string(), z.string()).default({}) }).optional(),
  extensionBundle: z.object({ id: z.string(), version: z.string() }).optional(),
  extensions: z
    .object({
      http: z
        .object({
          routePrefix: z.string().optional(),
          maxConcurrentRequests: z.number().optional(),
          customHeaders: z.record(z.string(), z.string()).optional(),
        })
        .optional(),
      durableTask: z
        .looseObject({
          hubName: z.string().optional(),
          defaultVersion: z.string().optional(),
          maxConcurrentActivityFunctions: z.int().min(1).optional(),
          maxConcurrentOrchestratorFunctions: z.int().min(1).optional(),
          httpSettings: z
            .looseObject({ defaultAsyncRequestSleepTimeMilliseconds: z.int().min(1).optional() })
            .optional(),
          storageProvider: z.looseObject({ connectionName: z.string().optional() }).optional(),
        })
        .optional(),
      serviceBus: z
        .object({
          prefetchCount: z.int().min(0).optional(),
          autoCompleteMessages: z.boolean().optional(),
          maxAutoLockRenewalDuration: timeSpan.optional(),
          maxConcurrentCalls: z.int().min(1).optional(),
          maxMessageBatchSize: z.int().min(1).optional(),
          minMessageBatchSize: z.int().min(1).optional(),
          maxBatchWaitTime: timeSpan.optional(),
        })
        .optional(),
    })
    .optional(),
});

const localSettings = z.object({ Values: z.record(z.string(), z.string()).default({}) });

const packageJson = z.object({ main: z.string().optional(), type: z.string().optional() });

export type HostJson = z.infer<typeof hostJson>;
export type PackageJson = z.infer<typeof packageJson>;

export interface AppConfig {
  host: HostJson;
  package: PackageJson;
  /** What `process.env` is completed with while the app is loaded. */
  settings: Record<string, string>;
}

/**
 * Reads package.json, host.json and local.settings.json of the app.
 * Precedence of settings, as the Core Tools do it: `overrides`, then the environment, then local.settings.json.
 * @throws HostError `AppNotFound` without package.json, `ConfigInvalid` naming the file and the field.
 */
export function readAppConfig(options: {
  root: string;
  env: Record<string, string | undefined>;
  overrides?: Record<string, string> | undefined;
}): AppConfig {
  const { root, env, overrides = {} } = options;
  const packageFile = join(root, 'package.json');
  if (!existsSync(packageFile)) {
    throw new HostError(
      'AppNotFound',
      `${packageFile} does not exist. Name the folder of a Functions app: it has package.json (with "main") and host.json.`,
    );
  }
  const fromFile = read(join(root, 'local.settings.json'), localSettings)?.Values ?? {};
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(fromFile)) settings[name] = env[name] ?? value;
  return {
    host: read(join(root, 'host.json'), hostJson) ?? {},
    package: read(packageFile, packageJson) ?? {},
    settings: { ...settings, ...overrides },
  };
}

function read<T>(file: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(file)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new HostError('ConfigInvalid', `${file} is not valid JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const what = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new HostError('ConfigInvalid', `${file} cannot be used: ${what}`);
  }
  return parsed.data;
}

/** Looks settings up the way bindings do. */
export class Settings {
  constructor(private readonly env: Record<string, string | undefined>) {}

  get(name: string): string | undefined {
    return this.env[name];
  }

  /**
   * Replaces every `%NAME%` by the setting of that name.
   * @throws HostError `SettingMissing`
   */
  expand(text: string, where: string): string {
    return text.replace(/%([^%]+)%/g, (_, name: string) => {
      const value = this.env[name];
      if (value === undefined) {
        throw new HostError(
          'SettingMissing',
          `${where} uses %${name}%, but there is no setting ${name}. Add it to local.settings.json or the environment.`,
        );
      }
      return value;
    });
  }

  /**
   * The connection string that a binding's `connection` names: the setting itself or with the prefix `AzureWebJobs`.
   * @throws HostError `SettingMissing`
   */
  connection(name: string, where: string): string {
    const value = this.env[name] ?? this.env[`AzureWebJobs${name}`];
    if (value === undefined || value === '') {
      throw new HostError(
        'SettingMissing',
        `${where} uses the connection ${name}, but there is no setting ${name}. Add it to local.settings.json or the environment.`,
      );
    }
    return value;
  }
}
