import type { CliSettings } from '../settings.js';
import { urlsAt, withInherited } from './stack-environment.js';
import { SupervisedService } from './supervised-service.js';

/** The page from which a system in lab mode is watched and broken: it runs before all that it shows, and whatever else does. */
export function startConsole(options: {
  ports: CliSettings['ports'];
  onLine: (name: string, line: string) => void;
  say: (line: string) => void;
}): SupervisedService {
  const { ports, onLine, say } = options;
  const urls = urlsAt(ports);
  return new SupervisedService({
    service: 'console',
    name: 'console',
    url: `http://127.0.0.1:${ports.console}`,
    env: withInherited({
      PAID_ONCE_LAB: 'true',
      PAID_ONCE_CONSOLE_PORT: String(ports.console),
      PAID_ONCE_PAYMENTS_URL: urls.payments,
      PAID_ONCE_LEDGER_URL: urls.ledger,
      PAID_ONCE_RELAY_URL: urls.relay,
      PAID_ONCE_LINK_URL: urls.link,
      PAID_ONCE_TOXIPROXY_URL: urls.toxiproxy,
    }),
    restart: true,
    onLine: (line) => onLine('console', line),
    say,
  });
}
