import { verifyChains, type Verification } from '../apps/cli/src/chain.js';
import type { ChaosSystem } from './system.js';

/** What both databases hold in the end, read past every service. Amounts are minor units. */
export interface Evidence {
  events: {
    payment_id: string;
    type: string;
    message_id: string;
    idempotency_key: string;
    src: string;
    dest: string;
    amount_minor: string;
    currency: string;
  }[];
  outbox: { id: string; message_id: string; type: string; key: string }[];
  markers: { message_id: string }[];
  deadLetters: { message_id: string; reason: string }[];
  inbox: { message_id: string }[];
  parked: { message_id: string; reason: string; detail: string }[];
  transfers: {
    id: string;
    payment_id: string;
    kind: string;
    debit_account: string;
    credit_account: string;
    amount_minor: string;
    currency: string;
    message_id: string;
  }[];
  accounts: { name: string; currency: string; debits_posted: string; credits_posted: string }[];
  /** Of each shard, as hex. */
  links: { shard: number; seq: string; hash: string }[];
  chain: Pick<Verification, 'transfers' | 'faults'>;
}

export async function readEvidence(system: ChaosSystem): Promise<Evidence> {
  const payments = <Row extends object>(statement: string) => system.sql<Row>('payments', statement);
  const ledger = <Row extends object>(statement: string) => system.sql<Row>('ledger', statement);
  return {
    events: await payments(
      `SELECT payment_id, type, message_id, idempotency_key, src, dest, amount_minor, currency FROM payment_event`,
    ),
    outbox: await payments(
      `SELECT id, message_id, type, key FROM outbox_message WHERE type LIKE 'payment.%'`,
    ),
    markers: await payments(`SELECT message_id FROM outbox_message WHERE type NOT LIKE 'payment.%'`),
    deadLetters: await payments('SELECT message_id, reason FROM outbox_dead_letter'),
    inbox: await ledger('SELECT message_id FROM inbox_message'),
    parked: await ledger('SELECT message_id, reason, detail FROM parked_message'),
    transfers: await ledger(
      `SELECT id, payment_id, kind, debit_account, credit_account, amount_minor, currency, message_id
         FROM transfer ORDER BY id`,
    ),
    accounts: await ledger('SELECT name, currency, debits_posted, credits_posted FROM account'),
    links: await ledger(`SELECT shard, seq, encode(hash, 'hex') AS hash FROM transfer_link`),
    chain: await verifyChains(system.process('ledger').url, AbortSignal.timeout(60_000), () => {}),
  };
}
