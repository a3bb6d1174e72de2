import { settingsOrExit, url } from '@paid-once/service/basics';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { poolFor } from '../postgres.js';
import { Coordinator } from './coordinator.js';

/** A coordinator in a process of its own, so that it can be killed: it stands still between the two phases. */
const settings = settingsOrExit(
  z.object({
    PAID_ONCE_PAYMENTS_ADMIN_DB_URL: url('postgres:'),
    PAID_ONCE_LEDGER_ADMIN_DB_URL: url('postgres:'),
    PAID_ONCE_LIFELINE: z.enum(['stdin']),
  }),
);

process.stdin.on('end', () => process.exit(0)).resume();

const coordinator = new Coordinator({
  payments: poolFor(settings.PAID_ONCE_PAYMENTS_ADMIN_DB_URL),
  ledger: poolFor(settings.PAID_ONCE_LEDGER_ADMIN_DB_URL),
  reached: async (point) => {
    console.log(`stands ${point}`);
    await new Promise(() => {});
  },
});
await coordinator.pay({ paymentId: randomUUID(), src: 'bianca', dest: 'marc', amountMinor: '100' });
