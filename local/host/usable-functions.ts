import { type AppRegistry, isTrigger, type RegisteredFunction } from './app-registry';
import type { Settings } from './host-config';
import type { HostLogger } from './host-log';

const TRIGGERS = new Set([
  'httptrigger',
  'timertrigger',
  'servicebustrigger',
  'eventgridtrigger',
  'orchestrationtrigger',
  'activitytrigger',
  'entitytrigger',
  'warmuptrigger',
]);
const INPUTS = new Set(['durableclient', 'orchestrationclient']);
const OUTPUTS = new Set(['http', 'servicebus']);

/**
 * Takes out of the registry what cannot or shall not run, as the real host does: a function with a binding that this host does
 * not have is "in error", told in the log, and the others run; a function is disabled by the setting
 * `AzureWebJobs.<name>.Disabled` (or with `_` for the dots) of `true` or `1`.
 */
export function keepUsableFunctions(registry: AppRegistry, settings: Settings, log: HostLogger): void {
  for (const fn of registry.functions.values()) {
    const missing = missingBindings(fn);
    if (missing.length > 0) {
      registry.functions.delete(fn.id);
      const types = missing.join(', ');
      log.error(
        { function: fn.name },
        `The '${fn.name}' function is in error: the local host has no binding of the type(s) ${types}. The other functions run; put the work into the function's own code, or run this one on Azure.`,
      );
    } else if (isDisabled(fn.name, settings)) {
      registry.functions.delete(fn.id);
      registry.disabled.set(fn.id, fn);
      log.info({ function: fn.name }, `Function ${fn.name} is disabled`);
    }
  }
}

function missingBindings(fn: RegisteredFunction): string[] {
  return Object.values(fn.metadata.bindings)
    .filter(({ type, direction }) => {
      const known = isTrigger(type) ? TRIGGERS : direction === 'out' ? OUTPUTS : INPUTS;
      return !known.has(type.toLowerCase());
    })
    .map(({ type }) => type);
}

function isDisabled(name: string, settings: Settings): boolean {
  const value =
    settings.get(`AzureWebJobs.${name}.Disabled`) ?? settings.get(`AzureWebJobs_${name}_Disabled`);
  return value === '1' || value?.toLowerCase() === 'true';
}
