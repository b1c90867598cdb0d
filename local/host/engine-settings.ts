import type { Log } from '../durable/engine';
import type { EngineSettings } from '../durable/settings';
import type { HostJson } from './host-config';
import type { HostLogger } from './host-log';

/** What host.json says about the engine; what it leaves out stays at the engine's default. */
export function engineSettings(host: HostJson): Partial<EngineSettings> {
  const task = host.extensions?.durableTask;
  const settings: { [name in keyof EngineSettings]?: EngineSettings[name] | undefined } = {
    defaultVersion: task?.defaultVersion,
    maxConcurrentActivities: task?.maxConcurrentActivityFunctions,
    maxConcurrentWorkItems: task?.maxConcurrentOrchestratorFunctions,
    httpPollMs: task?.httpSettings?.defaultAsyncRequestSleepTimeMilliseconds,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

export function engineLog(log: HostLogger): Log {
  const fields = { category: 'Host.Triggers.DurableTask' };
  return (level, message) => {
    if (level === 'error') log.error(fields, message);
    else if (level === 'warning') log.warn(fields, message);
    else log.info(fields, message);
  };
}
