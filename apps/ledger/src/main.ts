import { runService, settingsOrExit } from '@paid-once/service';
import { LedgerModule } from './ledger.module.js';
import { ledgerSettings } from './settings.js';

const settings = settingsOrExit(ledgerSettings);
await runService({
  name: 'ledger',
  module: LedgerModule.with(settings),
  settings,
  port: settings.PAID_ONCE_LEDGER_PORT,
  portVariable: 'PAID_ONCE_LEDGER_PORT',
});
