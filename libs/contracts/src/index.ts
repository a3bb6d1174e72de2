export * from './api-key.js';
export * from './cloud-event.js';
export * from './money.js';
export * from './payment-event.js';
export * from './requester.js';
export * from './topology.js';
export * from './uuid-v7.js';
export * from './wire-message.js';
