import { setUpBroker } from '@paid-once/broker';
import { connectLinks } from '@paid-once/links';
import { BadSettings } from '@paid-once/service/basics';
import { z } from 'zod';
import { setupSettings, type SetupSettings } from '../settings.js';
import { linksFor } from './links-for.js';
import { rebased, rebasedLines, type Rebased } from './rebased.js';
import { runSetupProgram } from './run-setup-program.js';
import { brokerAnswers, databaseAnswers, waitFor } from './wait-for.js';

export interface SetupDone {
  runId: string;
  shards: number;
  /** Names of the links that exist now; empty without Toxiproxy. */
  links: string[];
  /** Only if the outbox was restored into another server. */
  rebased?: Rebased;
}

/**
 * Brings databases, broker and links to what the services need. Safe to repeat; the first step that fails ends it.
 * @param env the settings of `paid-once setup`
 * @param say told each step, and what is waited for
 * @throws BadSettings | CliFailure | BrokerAdminRefused | LinksUnreachable
 */
export async function setUpSystem(options: {
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  signal?: AbortSignal;
}): Promise<SetupDone> {
  const { env, say, signal } = options;
  const settings = setupSettings(env);
  const { PAID_ONCE_PAYMENTS_ADMIN_DB_URL: paymentsDb, PAID_ONCE_LEDGER_ADMIN_DB_URL: ledgerDb } = settings;
  if (placeOf(paymentsDb) === placeOf(ledgerDb))
    throw new BadSettings([
      {
        variable: 'PAID_ONCE_LEDGER_ADMIN_DB_URL',
        fault:
          'is the database of PAID_ONCE_PAYMENTS_ADMIN_DB_URL, too: one fault would then lose both ledgers; give each its own',
      },
    ]);
  const wait = (what: string, answers: () => Promise<void>) => waitFor({ what, answers, say, signal });
  await Promise.all([
    wait(`the payments database at ${hostOf(paymentsDb)}`, () => databaseAnswers(paymentsDb)),
    wait(`the ledger database at ${hostOf(ledgerDb)}`, () => databaseAnswers(ledgerDb)),
    wait(`RabbitMQ at ${hostOf(settings.PAID_ONCE_BROKER_ADMIN_URL)}`, () =>
      brokerAnswers(settings.PAID_ONCE_BROKER_ADMIN_URL),
    ),
  ]);

  const { runId, shards, rebased: done } = await setUpPayments(env);
  say('payments database: tables, roles and rights are there');
  for (const line of done ? rebasedLines(done) : []) say(line);
  await Promise.all([
    runSetupProgram('ledger', { ...env, PAID_ONCE_RUN_ID: runId, PAID_ONCE_SHARDS: String(shards) }).then(
      () => say('ledger database: tables, roles and rights are there'),
    ),
    setUpBroker(brokerSetup(settings, shards)).then(() =>
      say(`RabbitMQ: users, exchanges and ${shards} queues are there`),
    ),
  ]);
  sayWhomToTrust(env, credentialsIn(settings.PAID_ONCE_RELAY_AMQP_URL).user, say);
  const links = await setUpLinks(settings);
  if (links.length > 0) say(`links: ${links.length}, each can be broken`);
  return { runId, shards, links, ...(done && { rebased: done }) };
}

const agreed = z.object({ runId: z.string(), shards: z.number(), rebased: rebased.optional() });

async function setUpPayments(env: NodeJS.ProcessEnv): Promise<z.infer<typeof agreed>> {
  const output = await runSetupProgram('payments', env);
  return agreed.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
}

function brokerSetup(settings: SetupSettings, shards: number): Parameters<typeof setUpBroker>[0] {
  const { PAID_ONCE_LAB: lab, PAID_ONCE_PAYMENTS_AMQP_URL: paymentsUrl } = settings;
  const relayUrl = settings.PAID_ONCE_RELAY_AMQP_URL;
  return {
    adminUrl: settings.PAID_ONCE_BROKER_ADMIN_URL,
    vhost: decodeURIComponent(new URL(relayUrl).pathname.slice(1)) || '/',
    shards,
    relay: credentialsIn(relayUrl),
    ledger: credentialsIn(settings.PAID_ONCE_LEDGER_AMQP_URL),
    ...(lab && paymentsUrl !== undefined && { payments: credentialsIn(paymentsUrl) }),
  };
}

/** A ledger that does not know the relay's user parks all that it publishes. */
function sayWhomToTrust(env: NodeJS.ProcessEnv, relay: string, say: (line: string) => void): void {
  const trusted = env['PAID_ONCE_LEDGER_TRUSTS'] ?? 'relay';
  if (trusted.split(',').includes(relay)) return;
  say(`the relay publishes as ${relay}: start the ledger with PAID_ONCE_LEDGER_TRUSTS=${relay}`);
  say('  money: otherwise every payment is parked at the ledger as forged; nothing is lost');
}

function credentialsIn(url: string): { user: string; password: string } {
  const { username, password } = new URL(url);
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}

async function setUpLinks(settings: SetupSettings): Promise<string[]> {
  if (settings.PAID_ONCE_TOXIPROXY_URL === undefined) return [];
  const links = await connectLinks(settings.PAID_ONCE_TOXIPROXY_URL).populate(linksFor(settings));
  return links.map(({ name }) => name);
}

/** Which database a URL means, whoever logs in. */
function placeOf(databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl);
  return `${hostname}:${port || '5432'}${pathname}`;
}

/** For people: never the password. */
function hostOf(url: string): string {
  return new URL(url).host;
}
