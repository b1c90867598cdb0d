import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { journalRecord, type JournalRecord } from '../protocol/records';

/*
 * One write is one line: CRC-32 in hex, a space, the records as a JSON array. A power cut can therefore tear only the last
 * line, and nothing of that line has been acted on, because it was not yet synced.
 */

const lineRecords = z.array(journalRecord);

export function formatLine(records: readonly JournalRecord[]): string {
  const text = JSON.stringify(records);
  return `${checksum(text)} ${text}\n`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function parseLine(line: string): JournalRecord[] | undefined {
  const text = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(text)) return undefined;
  try {
    return lineRecords.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export interface JournalContent {
  records: JournalRecord[];
  /** Numbers of unreadable lines that are not the torn end of the file. */
  damagedLines: number[];
}

/** Reads a journal's text. A torn last line is dropped silently, an unreadable line before it is reported. */
export function parseJournal(text: string): JournalContent {
  const lines = text.split('\n');
  const torn = lines.pop();
  const content: JournalContent = { records: [], damagedLines: [] };
  lines.forEach((line, index) => {
    const records = parseLine(line);
    if (records) content.records.push(...records);
    else if (index < lines.length - 1 || torn) content.damagedLines.push(index + 1);
  });
  return content;
}
