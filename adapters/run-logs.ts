import { z } from 'zod';
import { failureScreenshot, logLine, usage, type LogLine } from '../contracts/agent-protocol';
import { logPrefix, logSegmentKey } from './blobs/blob-keys';
import { Cache } from './cache';
import type { Blobs, Progress, RunLogs } from './ports';
import { instantColumn, optionalNumber, optionalText, requireInstant } from './tables/columns';
import { desktopRunKey } from './tables/run-keys';
import type { Table } from './tables/table';

/** Lines per segment blob: bounds what one read has to fetch, and keeps a segment below the 50,000 blocks of an append blob. */
const SEGMENT_LINES = 1_000;

/** How long a gap in the numbers is waited for before the lines behind it are shown (ms). */
const GAP_PATIENCE_MS = 60_000;

const chunk = z.object({ first: z.int().min(0), atMs: z.number(), lines: z.array(logLine) });

/**
 * Log lines in append-only segments (one JSON chunk per line of the blob; a repeated chunk is harmless because lines carry
 * numbers), the latest progress in the table (partition = cloud-flow run, row = number of the desktop-flow run).
 */
export class BlobRunLogs implements RunLogs {
  private readonly written = new Cache<number>({ entries: 2_000 });

  constructor(private readonly options: { blobs: Blobs; table: Table; now: () => number }) {}

  async append(run: string, first: number, lines: LogLine[]): Promise<void> {
    const end = first + lines.length;
    const written = this.written.get(run) ?? 0;
    for (let at = first; at < end;) {
      const segment = segmentOf(at);
      const upTo = Math.min(end, (segment + 1) * SEGMENT_LINES);
      if (upTo > written) {
        const part = { first: at, atMs: this.options.now(), lines: lines.slice(at - first, upTo - first) };
        await this.options.blobs.append(
          logSegmentKey(run, segment),
          Buffer.from(`\n${JSON.stringify(part)}\n`),
        );
      }
      at = upTo;
    }
    if (first <= written && end > written) this.written.set(run, end);
  }

  async read(run: string, after: number, top: number): Promise<{ lines: LogLine[]; next: number }> {
    const lines: LogLine[] = [];
    let next = after;
    const segments = await this.options.blobs.list(logPrefix(run));
    for (const { key } of segments.filter((blob) => blob.key >= logSegmentKey(run, segmentOf(after)))) {
      const known = await this.segment(key);
      const wanted = [...known].filter(([number]) => number >= next).sort(([a], [b]) => a - b);
      for (const [number, { line, atMs }] of wanted) {
        const gapIsYoung = number > next && this.options.now() - atMs < GAP_PATIENCE_MS;
        if (gapIsYoung || lines.length === top) return { lines, next };
        lines.push(line);
        next = number + 1;
      }
    }
    return { lines, next };
  }

  async progress(run: string, progress: Progress): Promise<void> {
    const { atMs, usage: used, screenshot, ...said } = progress;
    await this.options.table.put(desktopRunKey(run), {
      ...said,
      ...(used ? { usage: JSON.stringify(used) } : {}),
      ...(screenshot ? { screenshot: JSON.stringify(screenshot) } : {}),
      at: instantColumn(atMs),
    });
  }

  async lastProgress(run: string): Promise<Progress | undefined> {
    const row = await this.options.table.get(desktopRunKey(run));
    if (!row) return undefined;
    return {
      subflow: optionalText(row.columns, 'subflow'),
      action: optionalText(row.columns, 'action'),
      percent: optionalNumber(row.columns, 'percent'),
      message: optionalText(row.columns, 'message'),
      usage: readJson(usage, optionalText(row.columns, 'usage')),
      screenshot: readJson(failureScreenshot, optionalText(row.columns, 'screenshot')),
      atMs: requireInstant(row.columns, 'at'),
    };
  }

  async forgetProgress(cloudRun: string): Promise<void> {
    const rows = await this.options.table.query({ partition: cloudRun });
    await Promise.all(rows.map((row) => this.options.table.remove(row)));
  }

  /** The lines of a segment by number; a number that was written twice counts once. */
  private async segment(key: string): Promise<Map<number, { line: LogLine; atMs: number }>> {
    const known = new Map<number, { line: LogLine; atMs: number }>();
    const content = await this.options.blobs.get(key);
    const texts = content ? Buffer.from(content).toString('utf8').split('\n') : [];
    for (const { first, atMs, lines } of texts.flatMap(parseChunk)) {
      lines.forEach((line, index) => {
        if (!known.has(first + index)) known.set(first + index, { line, atMs });
      });
    }
    return known;
  }
}

function readJson<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
}

function segmentOf(line: number): number {
  return Math.floor(line / SEGMENT_LINES);
}

/** The chunk, or nothing for the torn one that a crash in mid-append leaves: its event comes again. */
function parseChunk(text: string): z.infer<typeof chunk>[] {
  if (text === '') return [];
  try {
    return [chunk.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
