import { appendFile, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { logLine, type LogLine } from '../../contracts/agent-protocol';

/** Lines of one file; the one before it is kept too. */
const FILE_LINES = 999;
/** What is told of a log at most. */
const TOLD_CHARS = 1_000_000;

/** A line and its number in the run; what was left out counts. */
const numbered = logLine.extend({ n: z.int().min(0) });

/**
 * The last lines of a run that nobody can be told of yet, in two files of bounded length, so that they survive the agent. What cannot be written is
 * left out: a full disk ends no run.
 */
export class OfflineLog {
  private written: Promise<void> = Promise.resolve();
  private inFile = 0;
  private next = 0;

  constructor(private readonly file: string) {}

  add(lines: LogLine[], dropped: number): void {
    const rows = lines.map((line) => JSON.stringify({ n: this.next++, ...line }));
    this.next += dropped;
    this.written = this.written
      .then(async () => {
        for (let from = 0; from < rows.length;) {
          if (this.inFile >= FILE_LINES) {
            await rename(this.file, before(this.file));
            this.inFile = 0;
          }
          const part = rows.slice(from, from + FILE_LINES - this.inFile);
          await appendFile(this.file, `${part.join('\n')}\n`, { mode: 0o600 });
          this.inFile += part.length;
          from += part.length;
        }
      })
      .catch(() => undefined);
  }

  /** @returns when everything so far is written. */
  async flush(): Promise<void> {
    await this.written;
  }
}

/** What is kept of a log; gaps are said. Never rejects. */
export async function readOfflineLog(file: string): Promise<LogLine[]> {
  const texts = await Promise.all([before(file), file].map((name) => readFile(name, 'utf8').catch(() => '')));
  const kept = texts.flatMap((text) => text.split('\n').flatMap(parsed));
  const lines: LogLine[] = [];
  let chars = 0;
  let expected: number | undefined;
  for (const { n, ...line } of kept.toReversed()) {
    if (expected !== undefined && n < expected - 1) lines.push(gap(line, expected - 1 - n));
    chars += line.text.length;
    expected = n;
    if (chars > TOLD_CHARS) break;
    lines.push(line);
  }
  const oldest = lines.at(-1);
  if (oldest && expected !== undefined && expected > 0) lines.push(gap(oldest, expected));
  return lines.toReversed();
}

export async function removeOfflineLog(file: string): Promise<void> {
  for (const name of [before(file), file]) await rm(name, { force: true });
}

function before(file: string): string {
  return `${file}.1`;
}

function gap({ at }: LogLine, count: number): LogLine {
  return { at, stream: 'agent', text: `${count} lines were left out here: they could not be kept.` };
}

/** A line that a crash has torn is left out. */
function parsed(text: string): z.infer<typeof numbered>[] {
  try {
    return [numbered.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
