import { runService } from '@paid-once/service';
import { ConsoleModule } from './console.module.js';
import { refuseOtherHosts, servePage } from './serve-page.js';
import { consoleSettings } from './settings.js';

const settings = consoleSettings();
await runService({
  name: 'console',
  module: ConsoleModule.with(settings),
  settings,
  port: settings.PAID_ONCE_CONSOLE_PORT,
  portVariable: 'PAID_ONCE_CONSOLE_PORT',
  prepare: async (fastify) => {
    refuseOtherHosts(fastify, settings.PAID_ONCE_CONSOLE_HOSTS);
    await servePage(fastify);
  },
});
