import { ZipFile } from 'yazl';

export interface ZipEntry {
  name: string;
  content: string | Buffer;
  mode?: number;
}

/** A zip in memory. */
export async function zipOf(entries: Record<string, string | Buffer> | ZipEntry[]): Promise<Buffer> {
  const list = Array.isArray(entries)
    ? entries
    : Object.entries(entries).map(([name, content]): ZipEntry => ({ name, content }));
  const zip = new ZipFile();
  for (const { name, content, mode = 0o100644 } of list) zip.addBuffer(Buffer.from(content), name, { mode });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
