import { runService } from '@paid-once/service';
import { PaymentsModule } from './payments.module.js';
import { paymentsSettings } from './settings.js';

const settings = paymentsSettings();
await runService({
  name: 'payments',
  module: PaymentsModule.with(settings),
  settings,
  port: settings.PAID_ONCE_PAYMENTS_PORT,
  portVariable: 'PAID_ONCE_PAYMENTS_PORT',
});
