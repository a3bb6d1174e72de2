import { serviceSettings, settingsOrExit, take } from '@paid-once/service';
import type { z } from 'zod';

export const schema = serviceSettings.extend(
  take(
    'PAID_ONCE_CONSOLE_PORT',
    'PAID_ONCE_CONSOLE_HOSTS',
    'PAID_ONCE_CONSOLE_READ_ONLY',
    'PAID_ONCE_PAYMENTS_URL',
    'PAID_ONCE_LEDGER_URL',
    'PAID_ONCE_RELAY_URL',
    'PAID_ONCE_LINK_URL',
    'PAID_ONCE_SHOWN_URL',
    'PAID_ONCE_TOXIPROXY_URL',
    'PAID_ONCE_API_KEY',
    'PAID_ONCE_STUCK_SECONDS',
  ),
);
export type ConsoleSettings = z.infer<typeof schema>;
export const CONSOLE_SETTINGS = Symbol('console settings');

export const consoleSettings = (): ConsoleSettings => settingsOrExit(schema);
