import { z } from 'zod';
import { call } from '../services.js';

export const intervention = z.object({
  id: z.string(),
  kind: z.enum(['replay', 'redrive', 'drop']),
  shard: z.number().nullable(),
  by: z.string(),
  why: z.string(),
  requestedAt: z.string(),
  /** How many messages it has published so far. */
  messages: z.number(),
  /** What of it could not be done, for people. */
  failure: z.string().nullable(),
  finishedAt: z.string().nullable(),
});

/** What a person or the relay asked the owner of a shard to do between its windows: it is kept for good. */
export type Intervention = z.infer<typeof intervention>;

const page = z.object({ items: z.array(intervention), open: z.number() });

/** The newest ones, and how many are open. @throws CliFailure payments does not answer */
export function interventionsNow(paymentsUrl: string, signal?: AbortSignal): Promise<z.infer<typeof page>> {
  return call(
    'payments',
    paymentsUrl,
    { path: '/outbox/interventions?limit=100', ...(signal && { signal }) },
    page,
  );
}

/** @throws CliFailure payments does not answer, or there is none with this id */
export function interventionWith(
  id: string,
  paymentsUrl: string,
  signal?: AbortSignal,
): Promise<Intervention> {
  return call(
    'payments',
    paymentsUrl,
    { path: `/outbox/interventions/${encodeURIComponent(id)}`, ...(signal && { signal }) },
    intervention,
  );
}
