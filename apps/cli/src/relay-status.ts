import { z } from 'zod';
import { CliFailure } from './failure.js';
import { exitCodes } from './exit-codes.js';
import { call } from './services.js';

const answer = z.object({
  published: z.number(),
  broker: z.object({ kind: z.string(), cause: z.string().optional(), reason: z.string().optional() }),
  outbox: z
    .object({ pending: z.number(), oldestSeconds: z.number().nullable(), deadLetters: z.number() })
    .nullable(),
});

export interface RelayStatus {
  pending: number;
  /** 0 if nothing waits. */
  oldestSeconds: number;
  deadLetters: number;
  published: number;
  /** Why it cannot publish now; undefined if it can. */
  trouble: string | undefined;
}

/** What waits in the outbox. @throws CliFailure the relay, or its database, does not answer */
export async function relayStatus(relayUrl: string, signal?: AbortSignal): Promise<RelayStatus> {
  const { outbox, broker, published } = await call(
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
  return { ...outbox, oldestSeconds: outbox.oldestSeconds ?? 0, published, trouble };
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
