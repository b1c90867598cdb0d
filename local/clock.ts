/** Time for host, engine, schedules and in-process agents: one clock, so that tests can skip it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `fire` once when the clock has reached `atMs` (any distance; past instants fire on the next turn).
   * @returns a function that cancels the call; harmless after it fired.
   */
  at(atMs: number, fire: () => void): () => void;
}

/** Node refuses longer delays than this and fires at once instead. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Real time. Timers never keep the process alive by themselves. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  at(atMs: number, fire: () => void): () => void {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const left = atMs - Date.now();
      handle = setTimeout(
        left > LONGEST_TIMEOUT_MS ? arm : fire,
        Math.min(Math.max(left, 0), LONGEST_TIMEOUT_MS),
      );
      handle.unref();
    };
    arm();
    return () => clearTimeout(handle);
  }
}

interface Alarm {
  atMs: number;
  seq: number;
  fire: () => void;
}

/** Time that stands still until a test moves it (row L7). */
export class VirtualClock implements Clock {
  private alarms: Alarm[] = [];
  private seq = 0;

  constructor(private currentMs: number = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.currentMs;
  }

  at(atMs: number, fire: () => void): () => void {
    const alarm: Alarm = { atMs, seq: this.seq++, fire };
    this.alarms.push(alarm);
    return () => {
      this.alarms = this.alarms.filter((other) => other !== alarm);
    };
  }

  /** Instant of the earliest alarm, or undefined when nothing waits for time. */
  nextAlarm(): number | undefined {
    return this.alarms.length === 0 ? undefined : Math.min(...this.alarms.map((alarm) => alarm.atMs));
  }

  /**
   * Moves time to `targetMs`, stopping at every alarm on the way and letting `settle` finish the work it caused,
   * so that a chain of timers fires in the order and at the instants that real time would give.
   */
  async advanceTo(targetMs: number, settle: () => Promise<void>): Promise<void> {
    await settle();
    for (;;) {
      const due = this.alarms
        .filter((alarm) => alarm.atMs <= targetMs)
        .sort((a, b) => a.atMs - b.atMs || a.seq - b.seq)[0];
      if (!due) break;
      this.alarms = this.alarms.filter((alarm) => alarm !== due);
      this.currentMs = Math.max(this.currentMs, due.atMs);
      due.fire();
      await settle();
    }
    this.currentMs = Math.max(this.currentMs, targetMs);
  }
}
