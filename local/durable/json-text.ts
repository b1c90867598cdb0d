/**
 * Re-indents JSON text by two spaces without parsing it, so that numbers and key order stay as they were written.
 * @param margin spaces before every line but the first.
 */
export function indentJson(text: string, margin: number): string {
  const pad = ' '.repeat(margin);
  let out = '';
  let depth = 0;
  let index = 0;
  const newline = (): string => `\n${pad}${'  '.repeat(depth)}`;
  while (index < text.length) {
    const char = text.charAt(index);
    if (char === '"') {
      const end = endOfString(text, index);
      out += text.slice(index, end);
      index = end;
      continue;
    }
    index += 1;
    if (char === ' ' || char === '\n' || char === '\r' || char === '\t') continue;
    if (char === '{' || char === '[') {
      const close = nextVisible(text, index);
      if (text.charAt(close) === '}' || text.charAt(close) === ']') {
        out += char + text.charAt(close);
        index = close + 1;
      } else {
        depth += 1;
        out += char + newline();
      }
    } else if (char === '}' || char === ']') {
      depth -= 1;
      out += newline() + char;
    } else if (char === ',') {
      out += char + newline();
    } else {
      out += char === ':' ? ': ' : char;
    }
  }
  return out;
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text.charAt(index) !== '"') index += text.charAt(index) === '\\' ? 2 : 1;
  return index + 1;
}

function nextVisible(text: string, start: number): number {
  let index = start;
  while (index < text.length && ' \n\r\t'.includes(text.charAt(index))) index += 1;
  return index;
}

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
