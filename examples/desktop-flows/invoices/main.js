'use strict';
const { createReadStream, createWriteStream, statSync } = require('node:fs');
const { finished } = require('node:stream/promises');
const attendant = require('attendant');
const { CsvError, formatRow, readCsv } = require('./csv.js');
const { HeaderError, checkRow, columns, formatAmount, readHeader } = require('./invoice.js');

const SHOWN_REJECTS = 100;
const ROWS_PER_PROGRESS = 10_000;

/** Text of a UTF-8 file, a byte-order mark removed. */
async function* readText(file, countBytes) {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      bytes += chunk.length;
      countBytes(bytes);
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (error.code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new CsvError(`The file is not UTF-8 text (near byte ${bytes}). Save it as "CSV UTF-8".`);
  }
}

/** A CSV file among the artifacts, written no faster than the disk takes it. */
class CsvFile {
  constructor(name, header) {
    this.stream = createWriteStream(attendant.artifact(name));
    this.stream.write(formatRow(header));
  }

  async write(fields) {
    if (!this.stream.write(formatRow(fields)))
      await new Promise((resolve) => this.stream.once('drain', resolve));
  }

  async end() {
    this.stream.end();
    await finished(this.stream);
  }
}

async function checkFile(file) {
  const size = statSync(file).size;
  let bytesRead = 0;
  const tell = (action) =>
    attendant.progress({
      subflow: 'Check rows',
      action,
      percent: size === 0 ? 100 : Math.floor((100 * bytesRead) / size),
    });
  const clean = new CsvFile('clean.csv', columns);
  const rejected = new CsvFile('rejects.csv', ['row', 'line', 'reasons', 'record']);
  const rowOfId = new Map();
  const sums = new Map();
  const rejects = [];
  const counts = { accepted: 0, rejected: 0 };
  let positions;
  let rowNumber = 0;

  const text = readText(file, (bytes) => (bytesRead = bytes));
  for await (const row of readCsv(text)) {
    rowNumber++;
    if (rowNumber % ROWS_PER_PROGRESS === 0) tell(`Row ${rowNumber}`);
    if (!positions) {
      positions = readHeader(row.fields);
      tell('Header read');
      continue;
    }
    if (row.fields.length === 1 && row.fields[0].trim() === '') continue;
    const { invoice, reasons, minorUnits } = checkRow(row, positions);
    const id = invoice.invoice_id;
    if (id !== '') {
      if (rowOfId.has(id)) reasons.push(`invoice_id ${id.slice(0, 80)} is already in row ${rowOfId.get(id)}`);
      else rowOfId.set(id, rowNumber);
    }
    if (reasons.length === 0) {
      counts.accepted++;
      const { currency } = invoice;
      sums.set(currency, (sums.get(currency) ?? 0n) + minorUnits);
      await clean.write(
        columns.map((column) => (column === 'amount' ? formatAmount(minorUnits, currency) : invoice[column])),
      );
    } else {
      counts.rejected++;
      if (rejects.length < SHOWN_REJECTS) {
        rejects.push({ row: rowNumber, line: row.line, invoice_id: id.slice(0, 80), reasons });
      }
      await rejected.write([
        String(rowNumber),
        String(row.line),
        reasons.join('; '),
        formatRow(row.fields).trimEnd(),
      ]);
    }
  }
  if (!positions) throw new CsvError('The file is empty; its first line must be the header.');
  attendant.progress({ subflow: 'Finish', action: 'Write files', percent: 100 });
  await clean.end();
  await rejected.end();
  const totals = Object.fromEntries(
    [...sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, sum]) => [currency, formatAmount(sum, currency)]),
  );
  return { totals, ...counts, rejects };
}

checkFile(attendant.inputs.csv).then(
  (result) => {
    attendant.outputs(result);
    console.log(`${result.accepted} rows accepted, ${result.rejected} rejected`);
  },
  (error) => {
    if (error instanceof CsvError) attendant.fail(error.message, { code: 'UnreadableCsv' });
    if (error instanceof HeaderError) attendant.fail(error.message, { code: 'WrongHeader' });
    throw error;
  },
);
