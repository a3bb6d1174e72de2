import { deadLetterExchange, ledgerQueue, parkedQueue, paymentsExchange } from '@paid-once/contracts';
import { z } from 'zod';
import { BrokerAdmin, BrokerAdminRefused } from './broker-admin.js';
import {
  definitions,
  labTag,
  ledgerQueueArguments,
  parkedQueueArguments,
  type BrokerUsers,
} from './definitions.js';
import { refuseLimitingPolicies } from './limiting-policies.js';

export interface BrokerSetup extends BrokerUsers {
  /** RabbitMQ's management API with an administrator's credentials: http://admin:password@host:15672 */
  adminUrl: string;
  vhost: string;
  shards: number;
}

/**
 * Makes the vhost, the services' users with the least they need, exchanges, queues and bindings, then verifies that they
 * are as they should be: an import leaves what exists as it is. Running it again changes nothing. Without `payments`,
 * the user that an earlier setup made for lab mode is removed.
 * It does not wait for a broker that is still starting: the caller tries again.
 * @throws BrokerAdminUnreachable nobody answers
 * @throws BrokerAdminRefused     no administrator, or something exists that could lose or disorder payments; says what to do
 */
export async function setUpBroker({ adminUrl, vhost, shards, ...users }: BrokerSetup): Promise<void> {
  const admin = new BrokerAdmin(adminUrl);
  await admin.ask('POST', ['definitions'], definitions({ shards, vhost, users }));
  await removeLabUsers(admin, vhost, users.payments?.user);
  for (const { user } of [users.relay, users.ledger, users.payments ?? []].flat())
    await limitUser(admin, user);
  for (const exchange of [paymentsExchange, deadLetterExchange]) await verifyExchange(admin, vhost, exchange);
  const ledgerQueues = Array.from({ length: shards }, (_, shard) => ledgerQueue(shard));
  for (const queue of ledgerQueues) await verifyQueue(admin, vhost, queue, ledgerQueueArguments);
  await verifyQueue(admin, vhost, parkedQueue, parkedQueueArguments);
  await refuseLimitingPolicies(admin, vhost, [...ledgerQueues, parkedQueue]);
}

const permissionsAnswer = z.array(z.object({ user: z.string() }));
const userAnswer = z.object({ tags: z.array(z.string()) });

/** By their tag and not by their name: a setup outside lab mode does not know what they were called. */
async function removeLabUsers(admin: BrokerAdmin, vhost: string, kept: string | undefined): Promise<void> {
  const permissions = permissionsAnswer.parse(await admin.ask('GET', ['vhosts', vhost, 'permissions']));
  for (const { user } of permissions) {
    if (user === kept) continue;
    const found = userAnswer.safeParse(await admin.ask('GET', ['users', user]));
    if (found.data?.tags.includes(labTag)) await admin.ask('DELETE', ['users', user]);
  }
}

/** A process has one connection with a channel or two for each shard; what has lost its link counts until its heartbeat fails. */
const userLimits = { 'max-connections': 64, 'max-channels': 1_024 };
const limitsAnswer = z.array(z.object({ value: z.record(z.string(), z.unknown()) }));

/** Whoever has a service's password takes no connection from the others. An administrator's other limits are kept. */
async function limitUser(admin: BrokerAdmin, user: string): Promise<void> {
  const [found] = limitsAnswer.parse(await admin.ask('GET', ['user-limits', user]));
  for (const [limit, value] of Object.entries(userLimits))
    if (found?.value[limit] === undefined) await admin.ask('PUT', ['user-limits', user, limit], { value });
}

const exchangeAnswer = z.object({ type: z.string(), durable: z.boolean() });
const queueAnswer = z.object({ durable: z.boolean(), arguments: z.record(z.string(), z.unknown()) });

async function verifyExchange(admin: BrokerAdmin, vhost: string, exchange: string): Promise<void> {
  const { type, durable } = exchangeAnswer.parse(await admin.ask('GET', ['exchanges', vhost, exchange]));
  if (type === 'topic' && durable) return;
  throw new BrokerAdminRefused(
    `The exchange ${exchange} in vhost "${vhost}" is not a durable topic exchange. ` +
      'Next: stop the relay, delete the exchange, and run setup again; no payment is lost, they wait in the outbox.',
  );
}

async function verifyQueue(
  admin: BrokerAdmin,
  vhost: string,
  queue: string,
  wanted: Readonly<Record<string, unknown>>,
): Promise<void> {
  const found = queueAnswer.parse(await admin.ask('GET', ['queues', vhost, queue]));
  const names = new Set([...Object.keys(wanted), ...Object.keys(found.arguments)]);
  const differing = [...names].filter((name) => found.arguments[name] !== wanted[name]);
  if (differing.length === 0 && found.durable) return;
  const faults = differing.map(
    (name) => `${name} is ${text(found.arguments[name])}, should be ${text(wanted[name])}`,
  );
  throw new BrokerAdminRefused(
    `The queue ${queue} in vhost "${vhost}" was made with other arguments (${faults.join('; ') || 'it is not durable'}), ` +
      'and they cannot be changed. Next: stop the relay, let the ledger empty the queue, delete the queue, and run setup again.',
  );
}

function text(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
