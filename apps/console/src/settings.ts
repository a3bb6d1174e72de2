import { isApiKey } from '@paid-once/contracts';
import { flag, port, serviceSettings, settingsOrExit, url } from '@paid-once/service';
import { z } from 'zod';

const http = (otherwise: string) => url('http:', 'https:').default(otherwise);

export const schema = serviceSettings.extend({
  PAID_ONCE_CONSOLE_PORT: port(3000),
  PAID_ONCE_PAYMENTS_URL: http('http://127.0.0.1:8080'),
  PAID_ONCE_LEDGER_URL: http('http://127.0.0.1:8081'),
  PAID_ONCE_RELAY_URL: http('http://127.0.0.1:8082'),
  PAID_ONCE_LINK_URL: http('http://127.0.0.1:8888').describe('payments, through the link that can be cut'),
  PAID_ONCE_SHOWN_URL: url('http:', 'https:')
    .optional()
    .describe('payments, as those who read the page reach it; default PAID_ONCE_PAYMENTS_URL'),
  PAID_ONCE_TOXIPROXY_URL: url('http:', 'https:')
    .optional()
    .describe('what breaks links; without it the page shows none'),
  PAID_ONCE_API_KEY: z
    .string()
    .refine(isApiKey, 'is no API key')
    .optional()
    .describe('a key with `operate` and `pay`: outside lab mode nothing can be seen without one'),
  PAID_ONCE_CONSOLE_HOSTS: z
    .string()
    .regex(/^[\w.-]+(,[\w.-]+)*$/, 'is no list of host names with commas')
    .transform((hosts) => hosts.split(','))
    .default([])
    .describe('names under which the page is opened, beside localhost'),
  PAID_ONCE_CONSOLE_READ_ONLY: flag.describe('the page shows commands instead of buttons'),
});
export type ConsoleSettings = z.infer<typeof schema>;
export const CONSOLE_SETTINGS = Symbol('console settings');

export const consoleSettings = (): ConsoleSettings => settingsOrExit(schema);
