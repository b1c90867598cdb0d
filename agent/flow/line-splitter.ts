import { isUtf8 } from 'node:buffer';
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
// eslint-disable-next-line no-control-regex -- as above
const notAscii = /[^\u0009\u000a\u0020-\u007e]/g;

/** Bytes of any program as text that is safe to show: colours removed, control characters and what is not UTF-8 as \\xNN. */
export function printable(bytes: Buffer, cutBytes = 0): string {
  const whole = cutBytes > 0 ? withoutTornEnd(bytes) : bytes;
  const text = stripVTControlCharacters(isUtf8(whole) ? whole.toString('utf8') : whole.toString('latin1'));
  const shown = text.replaceAll(isUtf8(whole) ? unprintable : notAscii, escape);
  return cutBytes > 0 ? `${shown} … (${cutBytes} bytes more)` : shown;
}

/** False when `printable` has to show some of the bytes as codes. */
export function isText(bytes: Buffer): boolean {
  const whole = withoutTornEnd(bytes);
  return isUtf8(whole) && !stripVTControlCharacters(whole.toString('utf8')).match(unprintable);
}

function escape(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A cut may go through the middle of a character: up to three bytes of it are left away. */
function withoutTornEnd(bytes: Buffer): Buffer {
  for (let left = 0; left <= 3 && left < bytes.length; left++) {
    const whole = bytes.subarray(0, bytes.length - left);
    if (isUtf8(whole)) return whole;
  }
  return bytes;
}
