import { heartbeatSeconds, integer, port, serviceSettings, settingsOrExit, url } from '@paid-once/service';
import type { z } from 'zod';

const schema = serviceSettings.extend({
  PAID_ONCE_RELAY_PORT: port(8082),
  PAID_ONCE_RELAY_DB_URL: url('postgres:', 'postgresql:'),
  PAID_ONCE_RELAY_AMQP_URL: url('amqp:', 'amqps:'),
  PAID_ONCE_HEARTBEAT_SECONDS: heartbeatSeconds,
  /** How long the broker may go without confirming anything. */
  PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: integer({ min: 100, max: 60_000, otherwise: 5_000 }),
  /** How many messages are published before their confirms are awaited. */
  PAID_ONCE_RELAY_SLICE: integer({ min: 1, max: 10_000, otherwise: 1_000 }),
});
export type RelaySettings = z.infer<typeof schema>;

export const relaySettings = (): RelaySettings => settingsOrExit(schema);
