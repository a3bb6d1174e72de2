export { BadPaymentsFile, paymentRows, type BadRow, type PaymentRow } from './csv-rows.js';
export { JournalRefused } from './journal-refused.js';
export * from './pay-file.js';
export * from './pay-types.js';
