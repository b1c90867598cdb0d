'use strict';

/** A longer row is taken for a quote that was never closed, before it fills the memory. */
const MAX_ROW_CHARS = 1_000_000;

/** The text is not CSV. */
class CsvError extends Error {}

/**
 * Reads CSV (RFC 4180) piece by piece: quoted fields with commas, line breaks and doubled quotes; lines that end in CR LF,
 * LF or CR.
 * @param {AsyncIterable<string> | Iterable<string>} chunks text, cut anywhere
 * @yields {{ fields: string[], line: number, problem?: string }} `line` is where the row begins, counted from 1; `problem`
 * says what is wrong with the row's quotes.
 * @throws {CsvError} when a quote is never closed.
 */
async function* readCsv(chunks) {
  const parser = new CsvParser();
  for await (const chunk of chunks) yield* parser.write(chunk);
  yield* parser.end();
}

class CsvParser {
  constructor() {
    this.fields = [];
    this.field = '';
    /** start: of a field; plain: in an unquoted one; quoted: in a quoted one; closed: after its last quote, or the first of two. */
    this.state = 'start';
    this.rowChars = 0;
    this.line = 1;
    this.rowLine = 1;
    this.problem = undefined;
    this.afterReturn = false;
  }

  *write(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.state === 'quoted') {
        at = this.readQuoted(chunk, at);
        continue;
      }
      const char = chunk[at];
      const secondOfCrLf = this.afterReturn && char === '\n';
      this.afterReturn = char === '\r';
      if (secondOfCrLf) {
        at++;
      } else if (char === '\r' || char === '\n') {
        yield this.endRow();
        at++;
      } else if (char === ',') {
        this.endField();
        at++;
      } else if (char === '"') {
        this.readQuote();
        at++;
      } else {
        at = this.readPlain(chunk, at);
      }
    }
  }

  *end() {
    if (this.state === 'quoted') {
      throw new CsvError(`A quote is opened in the row of line ${this.rowLine} and never closed.`);
    }
    if (this.state !== 'start' || this.fields.length > 0) yield this.endRow();
  }

  readQuoted(chunk, from) {
    const quote = chunk.indexOf('"', from);
    const to = quote === -1 ? chunk.length : quote;
    const text = chunk.slice(from, to);
    this.add(text);
    for (let at = 0; at < text.length; at++) {
      // CR LF is one line break, also when the two come in different chunks.
      if (text[at] === '\r' || (text[at] === '\n' && !this.quotedReturn)) this.line++;
      this.quotedReturn = text[at] === '\r';
    }
    if (quote === -1) return to;
    this.quotedReturn = false;
    this.state = 'closed';
    return quote + 1;
  }

  readQuote() {
    if (this.state === 'start') {
      this.state = 'quoted';
    } else if (this.state === 'closed') {
      this.add('"');
      this.state = 'quoted';
    } else {
      this.problem ??= 'has a quote inside a field that is not quoted';
      this.add('"');
    }
  }

  readPlain(chunk, from) {
    let to = from + 1;
    while (to < chunk.length && !isSpecial(chunk.charCodeAt(to))) to++;
    if (this.state === 'closed') this.problem ??= 'has text after a closing quote';
    this.state = 'plain';
    this.add(chunk.slice(from, to));
    return to;
  }

  add(text) {
    this.field += text;
    this.rowChars += text.length;
    if (this.rowChars > MAX_ROW_CHARS) {
      throw new CsvError(
        `The row of line ${this.rowLine} is longer than ${MAX_ROW_CHARS} characters: is a quote not closed?`,
      );
    }
  }

  endField() {
    this.fields.push(this.field);
    this.field = '';
    this.state = 'start';
  }

  endRow() {
    this.endField();
    const row = { fields: this.fields, line: this.rowLine };
    if (this.problem) row.problem = this.problem;
    this.fields = [];
    this.rowChars = 0;
    this.problem = undefined;
    this.line++;
    this.rowLine = this.line;
    return row;
  }
}

function isSpecial(code) {
  return code === 0x2c || code === 0x22 || code === 0x0d || code === 0x0a;
}

/** One row as CSV with its line end; fields are quoted where they must be. */
function formatRow(fields) {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\r\n`;
}

module.exports = { readCsv, formatRow, CsvError };
