import { runService } from '@paid-once/service';
import { RelayModule } from './relay.module.js';
import { relaySettings } from './settings.js';

const settings = relaySettings();
await runService({
  name: 'relay',
  module: RelayModule.with(settings),
  settings,
  port: settings.PAID_ONCE_RELAY_PORT,
  portVariable: 'PAID_ONCE_RELAY_PORT',
});
