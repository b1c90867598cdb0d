import { stripVTControlCharacters } from 'node:util';

/** A log line longer than this is cut. */
export const MAX_LINE_BYTES = 8 * 1024;

/**
 * Splits a stream of bytes into lines of bounded length: memory stays the same for a line of 100 MB. A lone carriage return
 * ends a line too, as progress bars use it.
 */
export class LineSplitter {
  private parts: Buffer[] = [];
  private length = 0;
  private cut = 0;
  private afterReturn = false;

  constructor(
    private readonly line: (bytes: Buffer, cutBytes: number) => void,
    private readonly maxBytes = MAX_LINE_BYTES,
  ) {}

  write(chunk: Buffer): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === 0x0a && this.afterReturn && at === from && this.length === 0 && this.cut === 0) {
        from = at + 1; // the second half of CR LF
      } else if (byte === 0x0a || byte === 0x0d) {
        this.keep(chunk, from, at);
        this.emit();
        from = at + 1;
      }
      this.afterReturn = byte === 0x0d;
    }
    this.keep(chunk, from, chunk.length);
  }

  /** Gives out a last line without an end. */
  end(): void {
    if (this.length > 0 || this.cut > 0) this.emit();
  }

  private keep(chunk: Buffer, from: number, to: number): void {
    if (from >= to) return;
    const room = Math.max(0, this.maxBytes - this.length);
    const kept = Math.min(room, to - from);
    if (kept > 0) this.parts.push(Buffer.from(chunk.subarray(from, from + kept)));
    this.length += kept;
    this.cut += to - from - kept;
  }

  private emit(): void {
    const { parts, cut } = this;
    this.parts = [];
    this.length = 0;
    this.cut = 0;
    this.line(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts), cut);
  }
}

// eslint-disable-next-line no-control-regex -- control characters are what this is about
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Bytes of any program as text that is safe to show: colours removed, control characters and bad UTF-8 made visible. */
export function printable(bytes: Buffer, cutBytes = 0): string {
  const text = stripVTControlCharacters(bytes.toString('utf8')).replaceAll(
    unprintable,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return cutBytes > 0 ? `${text} … (${cutBytes} bytes more)` : text;
}
