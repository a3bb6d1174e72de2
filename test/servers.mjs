// Starts the servers that all integration tests share, once for a run; each test makes databases and a vhost of its own.
// Plain JavaScript on the built libraries, because Jest loads this file before its own module resolution exists.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passwordsIn } from '../dist/apps/cli/src/stack/passwords.js';
import { chooseServers, startServers } from '../dist/libs/infrastructure/src/index.js';

export default async function startServersForTests() {
  const say = (line) => process.stderr.write(`${line}\n`);
  say(`tests run on Node ${process.version}`);
  const { kind } = await chooseServers(process.env.PAID_ONCE_SERVERS || 'auto', say);
  const servers = await startServers({
    kind,
    durable: false,
    keep: false,
    postgresSettings: { max_prepared_transactions: '20' },
    say,
    install: process.env.PAID_ONCE_INSTALL === 'never' ? 'never' : 'auto',
  });
  globalThis.paidOnceTestServers = servers;
  process.env.TEST_SERVERS = kind;
  process.env.TEST_PAYMENTS_ADMIN_URL = servers.paymentsDb.adminUrl('postgres');
  process.env.TEST_LEDGER_ADMIN_URL = servers.ledgerDb.adminUrl('postgres');
  process.env.TEST_AMQP_ADMIN_URL = servers.broker.adminUrl;
  process.env.TEST_AMQP_PORT = String(servers.broker.amqpPort);
  // Roles belong to a server, not to a database: two systems beside each other would take each other's passwords away.
  process.env.TEST_PASSWORDS = await mkdtemp(join(tmpdir(), 'paid-once-test-passwords-'));
  await passwordsIn(process.env.TEST_PASSWORDS);
}
