/** Less than payments' own transaction may idle, which waits meanwhile. */
const answerMs = 4_000;

/**
 * One lab call to the ledger, made inside a transaction of payments, so that both sides change or neither.
 * @returns the status it answered with; undefined if it did not answer within four seconds: it may still do as asked
 */
export async function askLedger(
  ledgerUrl: string,
  method: 'POST' | 'PUT',
  path: string,
  body: object,
): Promise<number | undefined> {
  try {
    const response = await fetch(new URL(path, ledgerUrl), {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerMs),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}
