import { SideUnreachable, type Stats } from '@paid-once/compare';
import { connectLinks, type LinkState } from '@paid-once/links';
import { z } from 'zod';
import { groupsOn, ofSidesThatAnswer, type DeadGroup } from '../dead/dead-letters.js';
import { failureOf } from '../failure.js';
import { interventionsNow, type Intervention } from '../interventions/interventions.js';
import { relayStatus, type RelayStatus } from '../relay-status.js';
import { call, Refused } from '../services.js';
import type { SystemUrls } from '../settings.js';
import { sideOf } from '../side-of.js';

/** A part of the answer, or why it is missing, with the HTTP status if whoever was asked said so himself. */
export type Asked<Value> =
  | { value: Value; reason?: undefined; status?: undefined }
  | { value?: undefined; reason: string; status?: number | undefined };

const ledgerAnswer = z.object({
  consumer: z
    .object({ kind: z.string(), cause: z.string().optional() })
    .or(z.string().transform((kind) => ({ kind, cause: undefined }))),
  /** What came again and was not posted again, by what told it. */
  duplicates: z.record(z.string(), z.number()).optional(),
  /** Milliseconds, of what was posted in the last five seconds; null while nothing is. */
  endToEnd: z.object({ p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() }).nullish(),
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

/** How each part is asked. */
export type Questions = { [Name in keyof Parts]: () => Promise<Parts[Name]> };

export function questionsTo(urls: SystemUrls, signal: AbortSignal): Questions {
  return {
    payments: () => asked(sideOf('payments', urls.payments, signal).stats()),
    outbox: () => asked(relayStatus(urls.relay, signal)),
    ledger: () => asked(sideOf('ledger', urls.ledger, signal).stats()),
    consumer: () => asked(call('ledger', urls.ledger, { path: '/status', signal }, ledgerAnswer)),
    parked: () => asked(call('ledger', urls.ledger, { path: '/parked?limit=1', signal }, parkedAnswer)),
    links: () => asked(connectLinks(urls.toxiproxy).list()),
    interventions: () => asked(interventionsNow(urls.payments, signal)),
    dead: () => asked(deadWhereAnswered(urls, signal)),
  };
}

/** Asks all of them at once; one that does not answer keeps no other back. */
export async function askParts(urls: SystemUrls, signal: AbortSignal): Promise<Parts> {
  const questions = Object.entries(questionsTo(urls, signal));
  const answers = questions.map(async ([name, ask]) => [name, await ask()] as const);
  return Object.fromEntries(await Promise.all(answers)) as unknown as Parts;
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
    const answered = error instanceof SideUnreachable || error instanceof Refused;
    return { reason: failure.happened, status: answered ? error.status : undefined };
  }
}
