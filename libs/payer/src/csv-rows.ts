import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { rowFault, type RowFields } from './row-rules.js';

/** A row that can be sent. */
export interface PaymentRow extends RowFields {
  kind: 'payment';
  /** 1-based, in the file. */
  line: number;
  /** 1-based, without header and blank lines. */
  row: number;
}

/** A row nobody can be paid by; the message starts with `file:line:column:`. */
export interface BadRow {
  kind: 'bad';
  line: number;
  row: number;
  message: string;
}

/** Nothing was paid: the file has bad rows, or is no payments file at all. */
export class BadPaymentsFile extends Error {
  override readonly name = 'BadPaymentsFile';

  /** @param messages the first of them, each `file:line:column: message` */
  constructor(
    readonly messages: readonly string[],
    readonly badRows = messages.length,
  ) {
    const more = badRows > messages.length ? [`… and ${badRows - messages.length} more`] : [];
    super([...messages, ...more, 'Nothing was paid.'].join('\n'));
  }
}

const required = ['src', 'dest', 'amount'] as const;
/** Characters of a row; the longest that could be paid has some 400. What is longer is no row, and is not kept in memory. */
const maxRecordLength = 10_000;
const columns: readonly string[] = [...required, 'currency', 'reference'];

/**
 * Reads a payments file row by row, in constant memory: a byte order mark, CRLF, blank lines, spaces around fields
 * and a last line without an end are all fine.
 * @param bytes how much of it; what somebody has added since is left alone
 * @throws BadPaymentsFile for a header that is none, or what is no CSV any more (an open quote)
 */
export async function* paymentRows(file: string, bytes = Infinity): AsyncGenerator<PaymentRow | BadRow> {
  const parser = createReadStream(file, { end: Math.max(0, bytes - 1) })
    .on('error', (error) => parser.destroy(error))
    .pipe(
      parse({
        bom: true,
        trim: true,
        record_delimiter: ['\r\n', '\n', '\r'], // of each line: files are put together from others
        max_record_size: maxRecordLength,
        skip_empty_lines: true,
        relax_column_count: true,
        info: true,
        raw: true,
      }),
    );
  let header: readonly string[] | undefined;
  let row = 0;
  try {
    for await (const { record, raw, info } of parser as AsyncIterable<ParsedLine>) {
      const at = (field: number) => `${file}:${info.lines}:${columnOf(raw, field)}:`;
      if (!header) {
        header = checkedHeader(record, at);
        continue;
      }
      row++;
      const place = { line: info.lines, row };
      const fault = lengthFault(record, header) ?? rowFault(named(record, header));
      if (!fault) yield { kind: 'payment', ...place, ...named(record, header) };
      else yield { kind: 'bad', ...place, message: `${at(fieldOf(fault.column, header))} ${fault.message}` };
    }
  } catch (error) {
    if (error instanceof CsvError)
      throw new BadPaymentsFile([`${file}:${csvPlace(error)}: ${error.message}`]);
    throw error;
  } finally {
    parser.destroy();
  }
  if (!header) throw new BadPaymentsFile([`${file}:1:1: is empty; its first line must be src,dest,amount`]);
}

interface ParsedLine {
  record: string[];
  raw: string;
  info: { lines: number };
}

function checkedHeader(record: readonly string[], at: (field: number) => string): readonly string[] {
  const unknown = record.findIndex((name, index) => !columns.includes(name) || record.indexOf(name) < index);
  const missing = required.filter((name) => !record.includes(name));
  const separator = record.length === 1 ? /[;\t]/.exec(record[0] ?? '')?.[0] : undefined;
  if (separator !== undefined)
    throw new BadPaymentsFile([
      `${at(0)} the columns are separated by ${separator === ';' ? 'semicolons' : 'tabs'}; save the file with commas`,
    ]);
  if (unknown < 0 && missing.length === 0) return record;
  const reason =
    missing.length > 0
      ? `the header lacks ${missing.join(', ')}`
      : `the header has a column "${record[unknown]}" that is unknown or there twice`;
  throw new BadPaymentsFile([
    `${at(Math.max(unknown, 0))} ${reason}; it must be src,dest,amount[,currency][,reference]`,
  ]);
}

function lengthFault(record: readonly string[], header: readonly string[]) {
  if (record.length === header.length) return undefined;
  const message = `has ${record.length} columns instead of ${header.length}`;
  return { column: Math.min(record.length, header.length), message };
}

function named(record: readonly string[], header: readonly string[]): RowFields {
  const field = (name: string) => record[header.indexOf(name)] || undefined;
  const { currency, reference } = { currency: field('currency'), reference: field('reference') };
  return {
    src: field('src') ?? '',
    dest: field('dest') ?? '',
    amount: field('amount') ?? '',
    ...(currency === undefined ? {} : { currency }),
    ...(reference === undefined ? {} : { reference }),
  };
}

function fieldOf(column: string | number, header: readonly string[]): number {
  return typeof column === 'number' ? column : header.indexOf(column);
}

/** Where a field begins, 1-based, in characters: what editors jump to. */
function columnOf(raw: string, field: number): number {
  const line = raw.replace(/^\uFEFF/, '').replace(/^[\r\n]+/, '');
  let passed = 0;
  let quoted = false;
  for (let index = 0; index < line.length && passed < field; index++) {
    if (line[index] === '"') quoted = !quoted;
    else if (line[index] === ',' && !quoted) passed++;
    if (passed === field) return index + 2;
  }
  return passed === field ? 1 : line.trimEnd().length + 1;
}

function csvPlace(error: CsvError): string {
  return `${'lines' in error ? String(error.lines) : 1}:1`;
}
