import { join } from 'node:path';
import {
  ensureRedis,
  startRedis,
  startService,
  type PostgresServer,
  type RedisServer,
  type RunningProcess,
} from '@paid-once/infrastructure';
import type { Pool } from 'pg';
import { createClient, type RedisClientType } from 'redis';
import { until } from '../measuring.js';
import { poolFor } from '../postgres.js';
import { part, startDatabase, throwAwayPlace, type Run } from '../run-alternative.js';
import { nameInRedis, paymentTableSql, type Recipe, type StandStill } from './pay-with-key.js';

/** The recipe's parts, all real, for one run: Postgres, Redis, and as many services as a situation takes. */
export class RecipeRig {
  private readonly services = new Map<number, Promise<RecipeService>>();

  private constructor(
    private readonly run: Run,
    readonly version: string,
    private readonly postgres: PostgresServer,
    readonly pool: Pool,
    readonly redis: RedisServer,
    readonly redisClient: RedisClientType,
  ) {}

  static async start(run: Run): Promise<RecipeRig> {
    const { version } = await part(() => ensureRedis(run.say, run.install));
    run.say(`Redis ${version}; starting it and a Postgres of our own …`);
    const redis = await startRecipeRedis(run);
    const postgres = await startDatabase(run, 'recipe', { max_connections: 300 });
    const pool = poolFor(postgres.adminUrl('recipe'));
    run.afterwards(() => pool.end());
    await pool.query(paymentTableSql);
    return new RecipeRig(run, version, postgres, pool, redis, await clientFor(run, redis));
  }

  /** A service without any fault in it, started when it is first asked for. */
  service(ttlSeconds: number): Promise<RecipeService> {
    const service = this.services.get(ttlSeconds) ?? this.startService({ ttlSeconds });
    this.services.set(ttlSeconds, service);
    return service;
  }

  startService(options: {
    ttlSeconds: number;
    order?: Recipe['order'];
    standStill?: StandStill;
    connections?: number;
    redis?: RedisServer;
  }): Promise<RecipeService> {
    const { ttlSeconds, order = 'commit-then-answer', standStill, connections = 10 } = options;
    return RecipeService.start(this.run, {
      PAID_ONCE_DB_URL: this.postgres.adminUrl('recipe'),
      PAID_ONCE_REDIS_URL: (options.redis ?? this.redis).url,
      PAID_ONCE_TTL_SECONDS: String(ttlSeconds),
      PAID_ONCE_ORDER: order,
      PAID_ONCE_CONNECTIONS: String(connections),
      ...(standStill && { PAID_ONCE_STAND_STILL: standStill }),
    });
  }

  /** Another Redis, for a situation that breaks it. */
  startRedis(settings: Record<string, string>): Promise<RedisServer> {
    return startRecipeRedis(this.run, settings);
  }

  /** Resolves when each of these idempotency keys has been in Redis, whether it still is or not. */
  async untilTaken(keys: string[]): Promise<void> {
    const taken = new Set<string>();
    await until('Redis has seen all keys', async () => {
      for (const key of await this.known(keys)) taken.add(key);
      return taken.size === keys.length;
    });
  }

  /** Resolves when Redis knows none of these keys any more. */
  async untilForgotten(keys: string[]): Promise<void> {
    await until('Redis forgot all keys', async () => (await this.known(keys)).length === 0);
  }

  private async known(keys: string[]): Promise<string[]> {
    const values = await this.redisClient.mGet(keys.map(nameInRedis));
    return keys.filter((_, index) => values[index] !== null);
  }
}

async function startRecipeRedis(run: Run, settings: Record<string, string> = {}): Promise<RedisServer> {
  const redis = await part(async () =>
    startRedis({ directory: await throwAwayPlace(run, 'redis'), keep: false, settings }),
  );
  run.afterwards(() => redis.stop({ quick: true }));
  return redis;
}

async function clientFor(run: Run, redis: RedisServer): Promise<RedisClientType> {
  const client: RedisClientType = createClient({ url: redis.url });
  client.on('error', () => {}); // it connects again by itself
  await client.connect();
  run.afterwards(async () => client.destroy());
  return client;
}

/** One process of the recipe's service. */
export class RecipeService {
  /** How many requests stand still in it. */
  standing = 0;
  private port: string | undefined;

  private constructor(private readonly process: () => RunningProcess) {}

  static async start(run: Run, env: Record<string, string>): Promise<RecipeService> {
    const service: RecipeService = new RecipeService(() => running);
    const running = startService({
      name: 'redis-recipe',
      entry: join(import.meta.dirname, 'service.js'),
      env,
      onLine: (line) => service.heard(line),
    });
    run.afterwards(() => running.stop({ signal: 'SIGKILL' }));
    let ended = false;
    void running.exited.then(() => (ended = true));
    await until('the service listens', () => {
      if (ended) throw new Error(`the service ended:\n${running.lastLines()}`);
      return service.port !== undefined;
    });
    return service;
  }

  /** Sends one payment of EUR 1, once. @returns the status, or undefined when no answer came */
  async pay(key: string, reference: string): Promise<number | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ src: 'bianca', dest: 'marc', amountMinor: '100', reference }),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  }

  async kill(): Promise<void> {
    await this.process().kill('SIGKILL');
    await this.process().exited;
  }

  private heard(line: string): void {
    if (line.startsWith('listening ')) this.port = line.slice('listening '.length);
    else if (line.startsWith('stands ')) this.standing++;
  }
}
