import type { RegisteredFunction } from './app-registry';
import { HostError, messageOf } from './host-error';
import { invokeWithRetries } from './retries';
import { isMonitored, parseSchedule, type TimerSchedule } from './timer-schedule';
import type { ScheduleStatus, TimerStatuses } from './timer-status';
import { runTriggered, type TriggerContext, type TriggerListener } from './trigger-context';

/**
 * Fires one timer function, following the WebJobs TimerListener: one run at a time, the next occurrence counted from the run's start,
 * one run at once after a restart that missed any.
 */
export class TimerTrigger implements TriggerListener {
  private readonly schedule: TimerSchedule;
  private readonly monitored: boolean;
  private status: ScheduleStatus = { last: 0, next: 0, lastUpdated: 0 };
  private cancel: () => void = () => {};
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  /** @throws HostError `TriggerInvalid`, `SettingMissing` */
  constructor(
    private readonly fn: RegisteredFunction,
    private readonly context: TriggerContext,
    private readonly statuses: TimerStatuses,
  ) {
    const where = `The timer function ${fn.name}`;
    const { schedule, useMonitor } = fn.trigger;
    if (typeof schedule !== 'string') throw new HostError('TriggerInvalid', `${where} has no schedule.`);
    this.schedule = parseSchedule({
      expression: context.settings.expand(schedule, where),
      timeZone: context.settings.get('WEBSITE_TIME_ZONE') ?? 'UTC',
      where,
    });
    this.monitored = useMonitor !== false && isMonitored(this.schedule, context.clock.now());
  }

  async start(): Promise<void> {
    const now = this.context.clock.now();
    const known = this.monitored ? this.statuses.read(this.fn.name) : undefined;
    this.status = known ? this.adopt(known, now) : this.fresh(now);
    if (this.monitored) this.statuses.write(this.fn.name, this.status);
    if (this.monitored && now > this.status.next) this.fire({ isPastDue: true });
    else if (this.fn.trigger['runOnStartup'] === true) this.fire({ isPastDue: false, runOnStartup: true });
    else this.arm();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await this.running;
  }

  /** Runs the function now, off its schedule (admin API). */
  runManually(): Promise<void> {
    const reason = 'This function was programmatically called via the host APIs.';
    return this.context.worker.inBackground(() => this.invoke(false, reason));
  }

  /** A first status: what is due next counts from now. */
  private fresh(now: number): ScheduleStatus {
    return { last: 0, next: this.schedule.next(now) ?? Infinity, lastUpdated: now };
  }

  /** A kept status; when the schedule was changed meanwhile, a miss of the old one does not count. */
  private adopt(known: ScheduleStatus, now: number): ScheduleStatus {
    const expected = this.schedule.next(known.last || known.lastUpdated || now) ?? Infinity;
    if (known.next === expected) return known;
    return now > expected ? this.fresh(now) : { last: 0, next: expected, lastUpdated: known.lastUpdated };
  }

  private arm(): void {
    if (this.stopped || this.status.next === Infinity) return;
    this.cancel = this.context.clock.at(this.status.next, () => this.fire({ isPastDue: false }));
  }

  private fire(how: { isPastDue: boolean; runOnStartup?: boolean }): void {
    this.running = this.context.worker.inBackground(() => this.run(how));
  }

  private async run(how: { isPastDue: boolean; runOnStartup?: boolean }): Promise<void> {
    const started = this.context.clock.now();
    try {
      const now = new Date(started).toISOString();
      await this.invoke(how.isPastDue, `Timer fired at ${now}`);
    } catch (error) {
      this.context.log.debug({ function: this.fn.name }, `The timer goes on after: ${messageOf(error)}`);
    }
    const scheduled = !how.isPastDue && !how.runOnStartup;
    const at = scheduled ? Math.max(started, this.status.next) : started;
    this.status = { last: at, next: this.schedule.next(at) ?? Infinity, lastUpdated: at };
    if (this.monitored) this.statuses.write(this.fn.name, this.status);
    this.arm();
  }

  private async invoke(isPastDue: boolean, reason: string): Promise<void> {
    const data = { json: this.timerInfo(isPastDue) };
    await invokeWithRetries(this.fn.metadata.retryOptions, (retryContext) =>
      runTriggered(this.context, this.fn, { data, reason, retryContext }),
    );
  }

  /** As the real host writes it; the library turns the keys to lower case. */
  private timerInfo(isPastDue: boolean): string {
    const status = {
      Last: dateText(this.status.last),
      Next: dateText(this.status.next),
      LastUpdated: dateText(this.status.last === 0 ? 0 : this.status.lastUpdated),
    };
    return JSON.stringify({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: this.monitored ? status : null,
      IsPastDue: isPastDue,
    });
  }
}

function dateText(ms: number): string {
  if (ms === 0) return '0001-01-01T00:00:00+00:00';
  if (ms === Infinity) return '9999-12-31T23:59:59+00:00';
  return new Date(ms).toISOString().replace(/\.?0*Z$/, '+00:00');
}
