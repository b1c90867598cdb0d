'use strict';
const { decimalsOf } = require('./currencies.js');

/** The columns of the file are not those of invoices. */
class HeaderError extends Error {}

const columns = ['invoice_id', 'supplier', 'date', 'currency', 'amount'];
const MAX_DIGITS = 30;

/**
 * Where each column is.
 * @throws {HeaderError} that names the missing, unknown or repeated columns.
 */
function readHeader(fields) {
  const names = fields.map((field) => field.trim().toLowerCase());
  const missing = columns.filter((column) => !names.includes(column));
  const unknown = names.filter((name) => !columns.includes(name));
  const repeated = names.filter((name, index) => columns.includes(name) && names.indexOf(name) !== index);
  const faults = [
    missing.length > 0 && `missing: ${missing.join(', ')}`,
    unknown.length > 0 && `unknown: ${unknown.map((name) => shown(name)).join(', ')}`,
    repeated.length > 0 && `repeated: ${repeated.join(', ')}`,
  ].filter(Boolean);
  if (faults.length > 0) {
    throw new HeaderError(`The header must have the columns ${columns.join(', ')}; ${faults.join('; ')}.`);
  }
  return Object.fromEntries(columns.map((column) => [column, names.indexOf(column)]));
}

/**
 * Checks one row.
 * @returns {{ invoice: object, reasons: string[], minorUnits?: bigint }} `minorUnits` is the amount in the currency's
 * smallest unit; it is there when there are no reasons.
 */
function checkRow(row, positions) {
  if (row.fields.length !== columns.length) {
    const reasons = [`has ${row.fields.length} columns instead of ${columns.length}`];
    if (row.problem) reasons.push(row.problem);
    return { invoice: { invoice_id: '' }, reasons };
  }
  const invoice = Object.fromEntries(columns.map((column) => [column, row.fields[positions[column]].trim()]));
  const amount = checkAmount(invoice.amount, invoice.currency);
  const reasons = [
    row.problem,
    invoice.invoice_id === '' && 'invoice_id is missing',
    invoice.supplier === '' && 'supplier is missing',
    checkDate(invoice.date),
    checkCurrency(invoice.currency),
    amount.reason,
  ].filter(Boolean);
  return { invoice, reasons, minorUnits: amount.minorUnits };
}

function checkDate(text) {
  if (text === '') return 'date is missing';
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
  if (!year) return `date ${shown(text)} is not of the form YYYY-MM-DD`;
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date turns an impossible day into one of the next month.
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? undefined : `date ${shown(text)} does not exist`;
}

function checkCurrency(text) {
  if (text === '') return 'currency is missing';
  if (!/^[A-Z]{3}$/.test(text)) return `currency ${shown(text)} is not a code of three capital letters`;
  return decimalsOf.has(text) ? undefined : `currency ${text} is not in ISO 4217`;
}

/** Exact: decimal digits to a whole number of the smallest unit. */
function checkAmount(text, currency) {
  if (text === '') return { reason: 'amount is missing' };
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return { reason: `amount ${shown(text)} is not a decimal number such as 1234.50` };
  if (whole.length + fraction.length > MAX_DIGITS)
    return { reason: `amount has more than ${MAX_DIGITS} digits` };
  const decimals = decimalsOf.get(currency);
  if (decimals === undefined) return {};
  if (fraction.length > decimals)
    return { reason: `amount ${text} has more than the ${decimals} decimals of ${currency}` };
  const units = BigInt(whole + fraction.padEnd(decimals, '0'));
  return { minorUnits: sign ? -units : units };
}

/** A whole number of smallest units as a decimal, such as 123450n → "1234.50". */
function formatAmount(minorUnits, currency) {
  const decimals = decimalsOf.get(currency);
  const digits = (minorUnits < 0n ? -minorUnits : minorUnits).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals > 0 ? `.${digits.slice(digits.length - decimals)}` : '';
  return `${minorUnits < 0n ? '-' : ''}${whole}${fraction}`;
}

/** A value in a message: quoted and not too long. */
function shown(text) {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

module.exports = { HeaderError, columns, readHeader, checkRow, formatAmount };
