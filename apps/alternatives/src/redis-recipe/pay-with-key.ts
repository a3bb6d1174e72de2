import type { RedisClientType } from 'redis';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../postgres.js';

export interface NewPayment {
  src: string;
  dest: string;
  amountMinor: string;
  reference: string;
}

export type Answer =
  | { status: 201 | 208; body: string }
  /** The first request with this key has not been answered yet, or never will be. */
  | { status: 409 };

export interface Recipe {
  redis: Pick<RedisClientType, 'set' | 'get' | 'del'>;
  postgres: Pool;
  /** How long Redis keeps a key, in seconds: hours to a day in the tutorials. */
  ttlSeconds: number;
  /** When the answer is put into Redis. */
  order: 'commit-then-answer' | 'answer-then-commit';
  /** Called where a process can die; the measurement lets it stand still there. */
  reached: (point: StandStill) => Promise<void>;
}
export type StandStill = 'before-commit' | 'after-commit';

/**
 * The recipe as it goes from tutorial to tutorial: the idempotency key lives in Redis, the money in Postgres.
 *
 *     SET key in-progress NX EX ttl → pay, COMMIT → SET key <answer> EX ttl
 *
 * This is its careful form: `SET … NX` claims the key atomically (many first GET, then SET, and let two requests with
 * the same key pay even without any fault), the answer is cached after COMMIT (`commit-then-answer`), and a failed
 * payment gives its key free. The other order, `answer-then-commit`, is what comes about when the key is looked after
 * by a decorator or interceptor, and the transaction is opened further out, around the whole request.
 *
 * What it costs: two round trips to Redis for each payment, and one more server that has to be up. What it cannot do:
 * two servers are written one after the other, so whoever dies in between leaves them telling different stories; and
 * the key is forgotten after its TTL, or when Redis is, while the payment stays.
 * @see https://kishorek.dev/writing/idempotency-without-a-database for one of many tutorials
 */
export async function payWithKey(recipe: Recipe, key: string, payment: NewPayment): Promise<Answer> {
  const { redis, postgres, ttlSeconds, order, reached } = recipe;
  const name = nameInRedis(key);
  const expiration = { type: 'EX', value: ttlSeconds } as const;
  const claimed = await redis.set(name, inProgress, { condition: 'NX', expiration });
  if (claimed === null) return answerAgain(await redis.get(name));
  try {
    const body = await inTransaction(postgres, async (tx) => {
      const paid = await insertPayment(tx, payment);
      if (order === 'answer-then-commit') await redis.set(name, paid, { expiration });
      await reached('before-commit');
      return paid;
    });
    await reached('after-commit');
    if (order === 'commit-then-answer') await redis.set(name, body, { expiration });
    return { status: 201, body };
  } catch (error) {
    await redis.del(name);
    throw error;
  }
}

const inProgress = 'in-progress';

export function nameInRedis(key: string): string {
  return `idempotency:${key}`;
}

function answerAgain(cached: string | null): Answer {
  return cached === null || cached === inProgress ? { status: 409 } : { status: 208, body: cached };
}

async function insertPayment(tx: PoolClient, payment: NewPayment): Promise<string> {
  const { src, dest, amountMinor, reference } = payment;
  const { rows } = await tx.query<{ payment_id: string }>(
    `INSERT INTO payment (src, dest, amount_minor, reference)
     VALUES ($1, $2, $3, $4)
     RETURNING payment_id`,
    [src, dest, amountMinor, reference],
  );
  return JSON.stringify({ paymentId: rows[0]?.payment_id, ...payment });
}

/** As in the tutorials: nothing in it knows of the key. */
export const paymentTableSql = `
CREATE TABLE payment (
  payment_id   uuid        NOT NULL DEFAULT gen_random_uuid(),
  src          text        NOT NULL,
  dest         text        NOT NULL,
  amount_minor bigint      NOT NULL,
  reference    text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT payment_has_its_own_id PRIMARY KEY (payment_id),
  CONSTRAINT amount_is_positive CHECK (amount_minor > 0)
)`;
