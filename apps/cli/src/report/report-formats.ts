import type { BreakRow } from '@paid-once/compare';
import { stringify } from 'csv-stringify/sync';
import { nextStep } from '../output/next-steps.js';

/** How rows are written, one by one: nothing is kept. */
export interface ReportFormat {
  begin: string;
  /** @param index 0 for the first row */
  row: (row: BreakRow, index: number) => string;
  end: string;
}

/** By the file's name: .csv, .json or .ndjson; undefined for others. */
export function formatOf(file: string): ReportFormat | undefined {
  const ending = /\.(csv|json|ndjson)$/i.exec(file)?.[1]?.toLowerCase();
  switch (ending) {
    case 'csv':
      return csv;
    case 'json':
      return {
        begin: '[',
        row: (row, index) => `${index === 0 ? '' : ','}\n${JSON.stringify(fieldsOf(row))}`,
        end: '\n]\n',
      };
    case 'ndjson':
      return { begin: '', row: (row) => `${JSON.stringify(fieldsOf(row))}\n`, end: '' };
    case undefined:
    default:
      return undefined;
  }
}

const columns = [
  'class',
  'paymentId',
  'type',
  'messageId',
  'src',
  'dest',
  'amount',
  'currency',
  'since',
  'ageSeconds',
  'detail',
  'nextStep',
] as const;

/** Text that a spreadsheet would take for a formula is escaped; amounts and ages are never negative, and stay numbers. */
const csv: ReportFormat = {
  begin: `${columns.join(',')}\n`,
  row: (row) => stringify([fieldsOf(row)], { columns: [...columns], escape_formulas: true }),
  end: '',
};

function fieldsOf(row: BreakRow): Record<(typeof columns)[number], string | number | null> {
  return {
    class: row.kind,
    paymentId: row.paymentId,
    type: row.type,
    messageId: row.messageId,
    src: row.src,
    dest: row.dest,
    amount: row.amount,
    currency: row.currency,
    since: row.since,
    ageSeconds: row.ageSeconds,
    detail: row.detail,
    nextStep: nextStep(row),
  };
}
