import type { LogLine } from '../../contracts/agent-protocol';
import { isText, printable } from './line-splitter';

/** What a flow may log on average; double that in a burst. The rest is counted and dropped. */
const LINES_PER_SECOND = 2_000;
const BYTES_PER_SECOND = 1_000_000;
const BURST_SECONDS = 2;
const TAIL_LINES = 20;

export type LogStream = LogLine['stream'];

export interface LogMeterOptions {
  now: () => number;
  /** Takes lines that passed, and how many were dropped just after them. */
  deliver: (lines: LogLine[], dropped: number) => void;
}

/** Lets a desktop flow's log through at a bounded rate and remembers its last lines, the dropped ones included. */
export class LogMeter {
  private lineTokens = LINES_PER_SECOND * BURST_SECONDS;
  private byteTokens = BYTES_PER_SECOND * BURST_SECONDS;
  private refilledAt: number;
  private lines: LogLine[] = [];
  private dropped = 0;
  private readonly lastLines: { bytes: Buffer; cut: number }[] = [];
  private lastAt = 0;
  /** Lines with bytes that are no text. */
  private escaped = 0;

  constructor(private readonly options: LogMeterOptions) {
    this.refilledAt = options.now();
  }

  add(stream: LogStream, bytes: Buffer, cutBytes = 0): void {
    if (stream !== 'agent') {
      this.lastLines[this.lastAt++ % TAIL_LINES] = { bytes, cut: cutBytes };
    }
    this.refill();
    if (stream !== 'agent' && (this.lineTokens < 1 || this.byteTokens < bytes.length)) {
      this.dropped++;
      return;
    }
    if (this.dropped > 0) this.stateDropped();
    this.lineTokens--;
    this.byteTokens -= bytes.length;
    if (stream !== 'agent' && !isText(bytes)) this.escaped++;
    this.push(stream, printable(bytes, cutBytes));
  }

  /** A line of the agent itself. */
  say(text: string): void {
    this.add('agent', Buffer.from(text));
  }

  /** Hands on what has gathered. */
  flush(): void {
    if (this.dropped > 0) this.stateDropped();
    if (this.lines.length > 0) this.options.deliver(this.lines, 0);
    this.lines = [];
  }

  /** Hands on the rest, and says how much of the log was no text. */
  end(): void {
    if (this.escaped > 0)
      this.say(`${this.escaped} line(s) held bytes that are no text; they are shown as \\xNN.`);
    this.flush();
  }

  /** The last lines that the flow wrote, oldest first. */
  tail(): string {
    const count = Math.min(this.lastAt, TAIL_LINES);
    const from = this.lastAt - count;
    return Array.from({ length: count }, (_, index) => {
      const line = this.lastLines[(from + index) % TAIL_LINES];
      return line ? printable(line.bytes, line.cut) : '';
    }).join('\n');
  }

  private stateDropped(): void {
    const count = this.dropped;
    this.dropped = 0;
    this.push('agent', `${count} lines were left out here: the log grows faster than it can be sent.`);
    this.options.deliver(this.lines, count);
    this.lines = [];
  }

  private push(stream: LogStream, text: string): void {
    this.lines.push({ at: new Date(this.options.now()).toISOString(), stream, text });
  }

  private refill(): void {
    const now = this.options.now();
    const seconds = Math.max(0, now - this.refilledAt) / 1000;
    this.refilledAt = now;
    this.lineTokens = Math.min(
      LINES_PER_SECOND * BURST_SECONDS,
      this.lineTokens + seconds * LINES_PER_SECOND,
    );
    this.byteTokens = Math.min(
      BYTES_PER_SECOND * BURST_SECONDS,
      this.byteTokens + seconds * BYTES_PER_SECOND,
    );
  }
}
