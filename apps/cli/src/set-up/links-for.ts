import { linkProxies, type LinkEnds, type LinkProxy } from '@paid-once/links';
import type { SetupSettings } from '../settings.js';

/**
 * The links as the settings imply them: a service's URL names its link's listening side, the administrators' URLs
 * name what is behind it.
 */
export function linksFor(settings: SetupSettings): LinkProxy[] {
  const paymentsDb = hostAndPort(settings.PAID_ONCE_PAYMENTS_ADMIN_DB_URL, 5432);
  const ledgerDb = hostAndPort(settings.PAID_ONCE_LEDGER_ADMIN_DB_URL, 5432);
  const broker =
    settings.PAID_ONCE_BROKER_UPSTREAM ?? `${new URL(settings.PAID_ONCE_BROKER_ADMIN_URL).hostname}:5672`;
  // Without a setting that names it, nobody uses this link: any free port.
  const paymentsAmqp =
    settings.PAID_ONCE_PAYMENTS_AMQP_URL ??
    `amqp://${isLoopback(settings.PAID_ONCE_RELAY_AMQP_URL) ? '127.0.0.1' : 'links'}:0`;
  const link = settings.PAID_ONCE_LINK_URL ?? 'http://127.0.0.1:8888';
  return linkProxies({
    // Asked for on all interfaces, as in a container; the stand-in listens on loopback all the same.
    payment: { listen: `0.0.0.0:${portOf(link, 80)}`, upstream: settings.PAID_ONCE_PAYMENT_UPSTREAM },
    'payments-postgres': { listen: listenOf(settings.PAID_ONCE_PAYMENTS_DB_URL, 5432), upstream: paymentsDb },
    'payments-rabbitmq': { listen: listenOf(paymentsAmqp, 5672), upstream: broker },
    'relay-postgres': { listen: listenOf(settings.PAID_ONCE_RELAY_DB_URL, 5432), upstream: paymentsDb },
    'relay-rabbitmq': { listen: listenOf(settings.PAID_ONCE_RELAY_AMQP_URL, 5672), upstream: broker },
    'ledger-rabbitmq': { listen: listenOf(settings.PAID_ONCE_LEDGER_AMQP_URL, 5672), upstream: broker },
    'ledger-postgres': { listen: listenOf(settings.PAID_ONCE_LEDGER_DB_URL, 5432), upstream: ledgerDb },
  } satisfies Record<LinkProxy['name'], LinkEnds>);
}

/** In containers a service reaches its link under another machine's name, so the link listens on all its interfaces. */
function listenOf(url: string, usualPort: number): string {
  return `${isLoopback(url) ? '127.0.0.1' : '0.0.0.0'}:${portOf(url, usualPort)}`;
}

function hostAndPort(url: string, usualPort: number): string {
  return `${new URL(url).hostname}:${portOf(url, usualPort)}`;
}

function portOf(url: string, usualPort: number): string {
  return new URL(url).port || String(usualPort);
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
