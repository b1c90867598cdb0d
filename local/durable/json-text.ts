/** JSON text of `value`; `undefined` (and what JSON cannot say) gives undefined. Bytes become base64, as on the real host. */
export function jsonText(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  return JSON.stringify(value);
}

/** A stored text that may be JSON or plain (reasons, failure messages), as JSON text: plain text becomes a string. */
export function textAsJson(text: string | null | undefined): string | undefined {
  if (text === null || text === undefined) return undefined;
  const trimmed = text.trim();
  if (trimmed === '') return '""';
  try {
    JSON.parse(trimmed);
    return trimmed;
  } catch {
    return JSON.stringify(text);
  }
}
