import type { RegisteredFunction } from './app-registry';
import { messageOf } from './host-error';
import { ServiceBusTrigger } from './service-bus-trigger';
import { TimerStatuses } from './timer-status';
import { TimerTrigger } from './timer-trigger';
import { runTriggered, type TriggerContext, type TriggerListener } from './trigger-context';

/** Everything that starts functions by itself. */
export interface TriggerListeners {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Runs a function off its trigger; failures are logged only, as nobody waits. */
  runManually(fn: RegisteredFunction, input: string | undefined): void;
}

/**
 * Listeners for what starts by itself; the other triggers are served by the HTTP port or the engine.
 * @throws HostError `TriggerInvalid`, `SettingMissing`
 */
export function createListeners(context: TriggerContext): TriggerListeners {
  const statuses = new TimerStatuses(context.store);
  const timers = new Map<string, TimerTrigger>();
  const listeners: TriggerListener[] = [];
  for (const fn of context.registry.functions.values()) {
    const type = fn.trigger.type.toLowerCase();
    if (type === 'timertrigger') {
      const timer = new TimerTrigger(fn, context, statuses);
      timers.set(fn.id, timer);
      listeners.push(timer);
    } else if (type === 'servicebustrigger') {
      listeners.push(new ServiceBusTrigger(fn, context));
    }
  }

  async function run(fn: RegisteredFunction, input: string | undefined): Promise<void> {
    const timer = timers.get(fn.id);
    if (timer) return timer.runManually();
    const reason = 'This function was programmatically called via the host APIs.';
    const data = input === undefined ? {} : { string: input };
    await context.worker.inBackground(() => runTriggered(context, fn, { data, reason }));
  }

  return {
    async start() {
      await Promise.all(listeners.map((listener) => listener.start()));
    },
    async stop() {
      await Promise.all(listeners.map((listener) => listener.stop()));
    },
    runManually(fn, input) {
      run(fn, input).catch((error: unknown) =>
        context.log.debug({ function: fn.name }, `The manual run failed: ${messageOf(error)}`),
      );
    },
  };
}
