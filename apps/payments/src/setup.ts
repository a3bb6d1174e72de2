import { settingsOrExit, take } from '@paid-once/service';
import { z } from 'zod';
import { setUpPayments } from './set-up-payments.js';

const settings = settingsOrExit(
  z.object(
    take(
      'PAID_ONCE_PAYMENTS_ADMIN_DB_URL',
      'PAID_ONCE_PAYMENTS_DB_URL',
      'PAID_ONCE_RELAY_DB_URL',
      'PAID_ONCE_PAYMENTS_RETENTION_DB_URL',
      'PAID_ONCE_LAB',
    ),
  ),
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
