import type { Stats } from '@paid-once/compare';
import { connectLinks, type LinkState } from '@paid-once/links';
import { z } from 'zod';
import { groupsOn, ofSidesThatAnswer, type DeadGroup } from '../dead/dead-letters.js';
import { failureOf } from '../failure.js';
import { interventionsNow, type Intervention } from '../interventions/interventions.js';
import { relayStatus, type RelayStatus } from '../relay-status.js';
import { call } from '../services.js';
import type { SystemUrls } from '../settings.js';
import { sideOf } from '../side-of.js';

/** A part of the answer, or why it is missing. */
export type Asked<Value> = { value: Value; reason?: undefined } | { value?: undefined; reason: string };

const ledgerAnswer = z.object({
  consumer: z
    .object({ kind: z.string(), cause: z.string().optional() })
    .or(z.string().transform((kind) => ({ kind, cause: undefined }))),
  /** What came again and was not posted again, by what told it. */
  duplicates: z.record(z.string(), z.number()).optional(),
  /** Null while it posts. */
  stalledSince: z.string().nullish(),
  /** `waitingFor`: why what RabbitMQ gave up cannot be fetched; null while it can. */
  deadLetterBridge: z.object({ waitingFor: z.string().nullable(), seconds: z.number().nullable() }).nullish(),
  retention: z.object({ failure: z.string().nullable() }).nullish(),
});
const parkedAnswer = z.object({ count: z.number() });

/** What each part of the system says of itself. */
export interface Parts {
  payments: Asked<Stats>;
  outbox: Asked<RelayStatus>;
  ledger: Asked<Stats>;
  consumer: Asked<z.infer<typeof ledgerAnswer>>;
  parked: Asked<z.infer<typeof parkedAnswer>>;
  links: Asked<LinkState[]>;
  interventions: Asked<{ open: number; items: Intervention[] }>;
  dead: Asked<DeadGroup[]>;
}

/** Asks all of them at once; one that does not answer keeps no other back. */
export async function askParts(urls: SystemUrls, signal: AbortSignal): Promise<Parts> {
  const [payments, outbox, ledger, consumer, parked, links, interventions, dead] = await Promise.all([
    asked(sideOf('payments', urls.payments, signal).stats()),
    asked(relayStatus(urls.relay, signal)),
    asked(sideOf('ledger', urls.ledger, signal).stats()),
    asked(call('ledger', urls.ledger, { path: '/status', signal }, ledgerAnswer)),
    asked(call('ledger', urls.ledger, { path: '/parked?limit=1', signal }, parkedAnswer)),
    asked(connectLinks(urls.toxiproxy).list()),
    asked(interventionsNow(urls.payments, signal)),
    asked(deadWhereAnswered(urls, signal)),
  ]);
  return { payments, outbox, ledger, consumer, parked, links, interventions, dead };
}

/** That a side does not answer, its other parts tell. */
async function deadWhereAnswered(urls: SystemUrls, signal: AbortSignal): Promise<DeadGroup[]> {
  const { answers } = await ofSidesThatAnswer((side) => groupsOn(side, urls, { signal }));
  return answers.flat();
}

async function asked<Value>(answer: Promise<Value>): Promise<Asked<Value>> {
  try {
    return { value: await answer };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return { reason: failure.happened };
  }
}
