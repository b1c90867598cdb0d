import { closeSync, openSync, readSync } from 'node:fs';

const POLL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** Hands on what is appended to a file that may not exist yet, in pieces of bounded size. */
export class MessageFile {
  private readonly timer: NodeJS.Timeout;
  private offset = 0;

  constructor(
    private readonly file: string,
    private readonly chunk: (bytes: Buffer) => void,
  ) {
    this.timer = setInterval(() => this.read(), POLL_MS);
  }

  /** Reads what is left and looks no more. */
  end(): void {
    clearInterval(this.timer);
    this.read();
  }

  private read(): void {
    let handle: number;
    try {
      handle = openSync(this.file, 'r');
    } catch {
      return; // nothing has been said yet
    }
    try {
      for (;;) {
        const bytes = Buffer.alloc(CHUNK_BYTES);
        const read = readSync(handle, bytes, 0, bytes.length, this.offset);
        if (read === 0) return;
        this.offset += read;
        this.chunk(bytes.subarray(0, read));
      }
    } finally {
      closeSync(handle);
    }
  }
}
