import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PaymentsDatabase, startPayments } from './payments-app.js';
import { PublishingRelay } from './publishing-relay.js';

export const who = { by: 'ann', why: 'the broker lost its disk' };
export const unknownPayment = '01920000-0000-7000-8000-000000000000';

/** Payments with a database of its own and a relay that publishes to nobody, for what operators ask of the outbox. */
export class OperationsRig {
  private constructor(
    readonly database: PaymentsDatabase,
    private readonly app: NestFastifyApplication,
    readonly relay: PublishingRelay,
  ) {}

  static async start(): Promise<OperationsRig> {
    const database = await PaymentsDatabase.create();
    return new OperationsRig(database, await startPayments(database), await PublishingRelay.start(database));
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.app.close();
    await this.database.drop();
  }

  async post(url: string, body: unknown = {}, headers: Record<string, string> = {}) {
    const answer = await this.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  async get(url: string) {
    const answer = await this.app.inject(url);
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  /** @returns the payment's id */
  async pay(currency = 'EUR'): Promise<string> {
    const answer = await this.post(
      '/payments',
      { src: 'bianca', dest: 'marc', amount: '12', currency },
      { 'idempotency-key': randomUUID() },
    );
    return String(answer.body['id']);
  }

  reverse(id: string) {
    return this.post(`/payments/${id}/reversal`, {}, { 'idempotency-key': randomUUID() });
  }

  async messageIds(paymentId: string): Promise<string[]> {
    const sql = 'SELECT message_id FROM payment_event WHERE payment_id = $1 ORDER BY type';
    const rows = await this.database.rows(sql, [paymentId]);
    return rows.map(({ message_id }) => String(message_id));
  }

  /** @returns the ids of all messages of these payments, once they are published */
  async published(...paymentIds: string[]): Promise<string[]> {
    const ids = (await Promise.all(paymentIds.map((id) => this.messageIds(id)))).flat();
    await eventually(() => expect(this.relay.messageIds).toEqual(expect.arrayContaining(ids)));
    return ids;
  }

  finished(interventions: unknown): Promise<void> {
    return eventually(async () => {
      for (const id of interventions as string[])
        expect((await this.get(`/outbox/interventions/${id}`)).body['finishedAt']).toEqual(
          expect.any(String),
        );
    });
  }

  /** A payment that could not be published for a while, and its reversal behind it. */
  async deadPayment(reason: string, currency = 'EUR'): Promise<string> {
    const id = await this.pay(currency);
    this.relay.poison.set(id, reason);
    await this.reverse(id);
    // The relay may have been quicker than the poison.
    await this.database.rows(
      `INSERT INTO outbox_dead_letter (id, shard, key, message_id, type, reason)
       SELECT id, shard, key, message_id, type, CASE type WHEN 'payment.accepted' THEN $2 ELSE 'behind' END
         FROM outbox_message WHERE key = $1 ON CONFLICT DO NOTHING`,
      [id, reason],
    );
    return id;
  }
}

export async function eventually(check: () => Promise<void> | void, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
