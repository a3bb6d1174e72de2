import { ApiKey, ApiKeys } from '@paid-once/credentials';
import { outboxEntities, outboxMigrations } from '@paid-once/outbox';
import { Payments1790000000002 } from './migrations/1790000000002-payments.js';
import { PaymentEvent } from './payment-event.entity.js';

/** The outbox lies beside the payments, so that one transaction holds both. */
export const paymentsEntities = [PaymentEvent, ApiKey, ...outboxEntities];
export const paymentsMigrations = [...outboxMigrations, Payments1790000000002, ApiKeys];
