import type { Bucket, Digest } from './digests.js';
import type { ExportRow } from './export-row.js';
import type { Stats } from './stats.js';

// What both sides answer to whoever compares them: the same of the same payments. Without payments there are no totals.

export const stats = {
  'a payment, and one that was reversed': { count: 2, totals: { EUR: '1.00' }, reversals: 1 },
  nothing: { count: 0, totals: {}, reversals: 0 },
} satisfies Record<string, Stats>;

export const digest = {
  'a payment': { count: '1', sum: '100', hash: '5f1d7a84db00d2fc' },
} satisfies Record<string, Digest>;

export const digests = {
  euros: {
    bucket: '01920000',
    count: 3,
    payments: 2,
    reversals: 1,
    totals: { EUR: '100' },
    hash: '0cd04be6ba7f7b9e',
  },
  yen: {
    bucket: '01920001',
    count: 1,
    payments: 1,
    reversals: 0,
    totals: { JPY: '5' },
    hash: '5f1d7a84db00d2fc',
  },
} satisfies Record<string, Bucket>;

const payment = {
  paymentId: '01920000-0000-7000-8000-000000000001',
  src: 'bianca',
  dest: 'marc',
  amountMinor: '100',
  currency: 'EUR',
};

export const exported = {
  'a payment': { ...payment, type: 'payment.accepted', messageId: '01920000-0000-7000-8000-000000000101' },
  'its reversal': { ...payment, type: 'payment.reversed', messageId: '01920000-0000-7000-8000-000000000102' },
} satisfies Record<string, ExportRow>;
