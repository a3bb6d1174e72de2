import { z } from 'zod';
import { CliFailure } from './failure.js';
import { exitCodes } from './exit-codes.js';
import { call } from './services.js';

const shard = z.object({
  shard: z.number(),
  pending: z.number(),
  oldestSeconds: z.number().nullable(),
  /** How long ago its progress was written. */
  progressSeconds: z.number(),
  /** Null: no relay owns it. */
  owner: z.number().nullable(),
});

const repair = z.object({
  /** Seconds; 0: off. */
  every: z.number(),
  lastVerifiedAt: z.string().nullable(),
  missingFound: z.number(),
  waitingFor: z.string().nullable(),
  /** Of the shards that this relay owns. */
  shards: z.array(z.object({ shard: z.number(), verifiedSeconds: z.number().nullable() })).default([]),
});

const retention = z.object({ lastRunAt: z.string().nullable(), failure: z.string().nullable() });

const answer = z.object({
  published: z.number(),
  broker: z.object({ kind: z.string(), cause: z.string().optional(), reason: z.string().optional() }),
  outbox: z
    .object({
      pending: z.number(),
      oldestSeconds: z.number().nullable(),
      deadLetters: z.number(),
      openTransactionSeconds: z.number().nullish(),
      shards: z.array(shard).default([]),
    })
    .nullable(),
  repair: repair.optional(),
  retention: retention.nullish(),
});
type Answer = z.infer<typeof answer>;

export interface RelayStatus {
  pending: number;
  /** 0 if nothing waits. */
  oldestSeconds: number;
  deadLetters: number;
  /** At least so long a transaction of the database has been open. */
  openTransactionSeconds?: number | null | undefined;
  published: number;
  /** Why it cannot publish now; undefined if it can. */
  trouble: string | undefined;
  shards: z.infer<typeof shard>[];
  repair: z.infer<typeof repair> | undefined;
  /** Null: nothing is ever removed. */
  retention: Answer['retention'];
}

/** What waits in the outbox. @throws CliFailure the relay, or its database, does not answer */
export async function relayStatus(relayUrl: string, signal?: AbortSignal): Promise<RelayStatus> {
  const { outbox, broker, ...rest } = await call(
    'relay',
    relayUrl,
    { path: '/status', ...(signal && { signal }) },
    answer,
  );
  if (outbox === null)
    throw new CliFailure(
      exitCodes.unreachable,
      'The relay runs, and cannot reach its database now.',
      'What was accepted waits in the outbox, in that database: nothing is lost.',
      'npx paid-once links',
    );
  const trouble =
    broker.kind === 'up' ? undefined : `RabbitMQ is ${broker.kind}${because(broker.cause ?? broker.reason)}`;
  const { repair: repairNow, retention: retentionNow, published } = rest;
  return {
    ...outbox,
    oldestSeconds: outbox.oldestSeconds ?? 0,
    published,
    trouble,
    repair: repairNow,
    retention: retentionNow,
  };
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
