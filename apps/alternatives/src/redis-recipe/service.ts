import { integer, settingsOrExit, url } from '@paid-once/service/basics';
import { fastify } from 'fastify';
import { createClient, type RedisClientType } from 'redis';
import { z } from 'zod';
import { poolFor } from '../postgres.js';
import { payWithKey, type NewPayment, type Recipe, type StandStill } from './pay-with-key.js';

/**
 * The recipe as a service: a process of its own, so that it can be killed. It writes two kinds of lines on stdout:
 * `listening <port>`, and `stands <point>` for each request that stands still there.
 */
const settings = settingsOrExit(
  z.object({
    PAID_ONCE_DB_URL: url('postgres:'),
    PAID_ONCE_REDIS_URL: url('redis:'),
    PAID_ONCE_TTL_SECONDS: integer({ min: 1, max: 86_400, otherwise: 86_400 }),
    PAID_ONCE_ORDER: z.enum(['commit-then-answer', 'answer-then-commit']),
    PAID_ONCE_STAND_STILL: z.enum(['before-commit', 'after-commit']).optional(),
    PAID_ONCE_CONNECTIONS: integer({ min: 1, max: 200, otherwise: 10 }),
    PAID_ONCE_LIFELINE: z.enum(['stdin']),
  }),
);

process.stdin.on('end', () => process.exit(0)).resume();

const redis: RedisClientType = createClient({ url: settings.PAID_ONCE_REDIS_URL });
redis.on('error', () => {}); // it connects again by itself; commands wait for that
await redis.connect();

const connections = settings.PAID_ONCE_CONNECTIONS;
const postgres = poolFor(settings.PAID_ONCE_DB_URL, connections);
// All connections are made before the first payment: what is measured is the recipe.
await Promise.all(Array.from({ length: connections }, () => postgres.query('SELECT 1')));

const recipe: Recipe = {
  redis,
  postgres,
  ttlSeconds: settings.PAID_ONCE_TTL_SECONDS,
  order: settings.PAID_ONCE_ORDER,
  reached: standStillAt(settings.PAID_ONCE_STAND_STILL),
};

const app = fastify();
app.post<{ Body: NewPayment }>('/payments', async (request, reply) => {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return reply.code(400).send({ title: 'Idempotency-Key is missing' });
  const answer = await payWithKey(recipe, key, request.body);
  if (answer.status === 409) return reply.code(409).send({ title: 'A request with this key is in progress' });
  return reply.code(answer.status).type('application/json').send(answer.body);
});
const address = await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${new URL(address).port}`);

/** A process that is going to be killed between two steps waits there for it: the signal needs no luck then. */
function standStillAt(where: StandStill | undefined): Recipe['reached'] {
  return async (point) => {
    if (point !== where) return;
    console.log(`stands ${point}`);
    await new Promise(() => {});
  };
}
