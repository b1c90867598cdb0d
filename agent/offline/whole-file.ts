import { open, rename } from 'node:fs/promises';

/** Writes a file readable by its owner alone, whole or not at all, and on disk when it returns. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const next = `${file}.next`;
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}
