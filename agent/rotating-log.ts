import { appendFileSync, renameSync, rmSync, statSync } from 'node:fs';

export interface RotatingLogOptions {
  file: string;
  /** A file that has grown to this is put aside; bytes. */
  maxBytes?: number;
  /** Files that are kept, the current one included: agent.log, agent.log.1, … */
  files?: number;
}

/**
 * A log file that does not grow without end, for systems that have no journal. Each line is on its way to the disk when the call returns;
 * a full disk loses lines and nothing else.
 */
export function rotatingLog(options: RotatingLogOptions): (line: string) => void {
  const { file, maxBytes = 10 * 1024 * 1024, files = 5 } = options;
  let bytes = sizeOf(file);
  return (line) => {
    try {
      if (bytes > 0 && bytes + Buffer.byteLength(line) > maxBytes) {
        rotate(file, files);
        bytes = sizeOf(file);
      }
      appendFileSync(file, line, { mode: 0o600 });
      bytes += Buffer.byteLength(line);
    } catch {
      // runs go on without a log
    }
  };
}

function rotate(file: string, files: number): void {
  rmSync(nameOf(file, files - 1), { force: true });
  for (let number = files - 2; number >= 0; number--) {
    try {
      renameSync(nameOf(file, number), nameOf(file, number + 1));
    } catch {
      // not there yet, or held open by a reader: then the next line tries again
    }
  }
}

function nameOf(file: string, number: number): string {
  return number === 0 ? file : `${file}.${number}`;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
