import { flowMessage, type FlowProgress } from '../../contracts/worker-protocol';
import { LineSplitter } from './line-splitter';

/** Room for the largest outputs that are accepted and some more, so that larger ones get the error that says so. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Warnings about unreadable lines, so that garbage does not become the log. */
const MAX_WARNINGS = 10;

export interface FlowReport {
  outputs: Record<string, unknown>;
  error?: { code?: string | undefined; message: string; details?: string | undefined };
  /** Set when a message was over the limit and could not be read. */
  oversized: boolean;
  /** The flow ended at a checkpoint. */
  stopped: boolean;
}

export interface FlowPipeOptions {
  progress: (progress: FlowProgress) => void;
  warn: (text: string) => void;
  /** Where the messages come from, for people. */
  source?: string;
  /** What another source has said of the same run. */
  report?: FlowReport;
}

/** Reads the messages of a desktop flow. Whatever is not understood is told in the log and changes nothing. */
export class FlowPipe {
  readonly report: FlowReport;
  private warnings = 0;
  private readonly splitter = new LineSplitter((bytes, cut) => this.line(bytes, cut), MAX_MESSAGE_BYTES);

  private readonly source: string;

  constructor(private readonly options: FlowPipeOptions) {
    this.source = options.source ?? 'pipe 3';
    this.report = options.report ?? { outputs: {}, oversized: false, stopped: false };
  }

  write(chunk: Buffer): void {
    this.splitter.write(chunk);
  }

  end(): void {
    this.splitter.end();
  }

  private line(bytes: Buffer, cutBytes: number): void {
    if (cutBytes > 0) {
      this.report.oversized = true;
      return this.warn(`A message on ${this.source} is over ${MAX_MESSAGE_BYTES} bytes and was not read.`);
    }
    const text = bytes.toString('utf8').trim();
    if (text === '') return;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return this.warn(`Not a message on ${this.source}: ${text.slice(0, 200)}`);
    }
    const message = flowMessage.safeParse(json);
    if (!message.success) return this.warn(`Not a message on ${this.source}: ${text.slice(0, 200)}`);
    switch (message.data.type) {
      case 'progress': {
        const { type: _, ...progress } = message.data;
        return this.options.progress(progress);
      }
      case 'output':
        this.report.outputs[message.data.name] = message.data.value;
        return;
      case 'outputs':
        Object.assign(this.report.outputs, message.data.values);
        return;
      case 'error': {
        const { code, message: what, details } = message.data;
        this.report.error = { code, message: what, details };
        return;
      }
      case 'stopped':
        this.report.stopped = true;
        return;
      case 'end':
    }
  }

  private warn(text: string): void {
    this.warnings++;
    if (this.warnings <= MAX_WARNINGS) this.options.warn(text);
    if (this.warnings === MAX_WARNINGS)
      this.options.warn(`Further unreadable messages on ${this.source} are not shown.`);
  }
}
