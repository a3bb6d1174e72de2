import { flag, settingsOrExit, url } from '@paid-once/service';
import { z } from 'zod';
import { setUpPayments } from './set-up-payments.js';

const settings = settingsOrExit(
  z.object({
    PAID_ONCE_PAYMENTS_ADMIN_DB_URL: url('postgres:', 'postgresql:'),
    PAID_ONCE_PAYMENTS_DB_URL: url('postgres:', 'postgresql:'),
    PAID_ONCE_RELAY_DB_URL: url('postgres:', 'postgresql:'),
    PAID_ONCE_PAYMENTS_RETENTION_DB_URL: url('postgres:', 'postgresql:').optional(),
    PAID_ONCE_LAB: flag,
  }),
);

const agreed = await setUpPayments(
  {
    admin: settings.PAID_ONCE_PAYMENTS_ADMIN_DB_URL,
    payments: settings.PAID_ONCE_PAYMENTS_DB_URL,
    relay: settings.PAID_ONCE_RELAY_DB_URL,
    retention: settings.PAID_ONCE_PAYMENTS_RETENTION_DB_URL,
  },
  settings.PAID_ONCE_LAB,
);
process.stdout.write(`${JSON.stringify(agreed)}\n`);
