export { BadPaymentsFile } from './csv-rows.js';
export * from './pay-file.js';
export * from './pay-types.js';
