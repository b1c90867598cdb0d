import type { AgentEventBody, LogLine } from '../../contracts/agent-protocol';

/** Limits of what waits while the connection is away; the oldest lines go first. */
const MAX_LINES = 2_000;
const MAX_CHARS = 1_000_000;
/** Limits of one event. */
const EVENT_LINES = 1_000;
const EVENT_CHARS = 60_000;

/** Log lines of one run on their way to the control plane. Bounded: what does not fit is counted, not kept. */
export class LogBuffer {
  private lines: LogLine[] = [];
  private chars = 0;
  private dropped = 0;
  /** Lines that went before the oldest that is kept. */
  private lost = 0;
  private first = 0;

  get isEmpty(): boolean {
    return this.lines.length === 0 && this.dropped === 0;
  }

  /** @param dropped lines that were left out just after these. */
  add(lines: LogLine[], dropped: number): void {
    this.lines.push(...lines);
    for (const line of lines) this.chars += line.text.length;
    this.dropped += dropped;
    let excess = 0;
    while (this.lines.length - excess > MAX_LINES || this.chars > MAX_CHARS) {
      this.chars -= this.lines[excess]?.text.length ?? 0;
      excess++;
    }
    if (excess > 0) {
      this.lines.splice(0, excess);
      this.dropped += excess;
      this.lost += excess;
    }
  }

  /** The next event's body. Lines are numbered without the dropped ones: a reader waits for numbers that are missing. */
  take(): AgentEventBody<'log'> | undefined {
    if (this.isEmpty) return undefined;
    this.stateLost();
    let count = 0;
    let chars = 0;
    while (count < Math.min(this.lines.length, EVENT_LINES)) {
      chars += this.lines[count]?.text.length ?? 0;
      if (count > 0 && chars > EVENT_CHARS) break;
      count++;
    }
    const lines = this.lines.splice(0, count);
    for (const line of lines) this.chars -= line.text.length;
    const body = { first: this.first, lines, ...(this.dropped > 0 ? { dropped: this.dropped } : {}) };
    this.first += lines.length;
    this.dropped = 0;
    return body;
  }

  private stateLost(): void {
    const [oldest] = this.lines;
    if (this.lost === 0 || !oldest) return;
    const text = `${this.lost} lines were left out here: they could not be sent in time.`;
    this.lines.unshift({ at: oldest.at, stream: 'agent', text });
    this.chars += text.length;
    this.lost = 0;
  }
}
