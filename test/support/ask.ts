/** What a service tells of itself, as far as these tests look at it. */
export interface RelayAnswer {
  ownedShards: number[];
  published: number;
  broker: { kind: string; cause?: string; reason?: string };
  outbox: { pending: number; oldestSeconds: number | null; openTransactionSeconds: number | null } | null;
}

export interface LedgerAnswer {
  consumer: { kind: string; cause?: string };
  posted: number;
  /** By what made them known: the same message again, or another one about the same event. */
  duplicates: { message?: number; event?: number };
  /** By reason; what was posted since is still counted. */
  parked: Record<string, number>;
}

/** @returns undefined when the service does not answer */
export async function relayAnswer(url: string): Promise<RelayAnswer | undefined> {
  return ask<RelayAnswer>(`${url}/status`);
}

export async function ledgerAnswer(url: string): Promise<LedgerAnswer | undefined> {
  return ask<LedgerAnswer>(`${url}/status`);
}

export interface Readiness {
  status: number;
  /** What is missing, by name, and why. */
  missing: Record<string, string>;
}

/** Status 0: it does not answer. */
export async function readiness(url: string): Promise<Readiness> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) });
    const { error = {} } = (await response.json()) as { error?: Record<string, { message?: string }> };
    const missing = Object.entries(error).map(([name, { message = '' }]) => [name, message] as const);
    return { status: response.status, missing: Object.fromEntries(missing) };
  } catch {
    return { status: 0, missing: {} };
  }
}

export async function isAlive(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  await response?.body?.cancel();
  return response?.ok ?? false;
}

async function ask<Answer>(url: string): Promise<Answer | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  return response?.ok ? ((await response.json()) as Answer) : undefined;
}
