import { reasonOf } from '@paid-once/service';
import { z } from 'zod';

/** How long the ledger may take to answer one question, in milliseconds. */
const answerMs = 5_000;

/** The ledger did not answer, or not as it should: nothing is known. */
export class LedgerSilent extends Error {}

const markers = z.object({ arrived: z.array(z.string()), deadLettersInBroker: z.number().nullable() });
const unknown = z.object({ unknown: z.array(z.string()) });
const dedupWindow = z.object({ oldest: z.string() });

/** Asks the ledger what its inbox knows of messages. Every question may end in LedgerSilent. */
export class AskLedger {
  /**
   * @param key    what lets the relay ask; lab mode needs none
   * @param signal ends what is being asked: nobody wants the answer any more
   */
  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @returns which of these markers have arrived, and how many messages wait in the broker's dead-letter queue for the
   * ledger to park them; null when the broker cannot tell
   */
  markers(messageIds: string[]): Promise<z.infer<typeof markers>> {
    return this.ask(markers, `/inbox/markers?${messageIds.map((id) => `id=${id}`).join('&')}`);
  }

  /** @returns those of these messages, at most 1,000, that are neither in the inbox nor parked */
  async unknown(messageIds: string[]): Promise<string[]> {
    return (await this.ask(unknown, '/inbox/unknown', { messageIds })).unknown;
  }

  /** @returns the message id below which the inbox may have forgotten what it has taken */
  async oldestRemembered(): Promise<string> {
    return (await this.ask(dedupWindow, '/inbox/window')).oldest;
  }

  private async ask<Answer>(schema: z.ZodType<Answer>, path: string, body?: object): Promise<Answer> {
    try {
      const response = await fetch(new URL(path, this.url), {
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(answerMs)]),
        headers: {
          ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      if (!response.ok) await response.body?.cancel();
      const answer = schema.safeParse(response.ok && (await response.json()));
      if (answer.success) return answer.data;
      throw new Error(`it answers ${path.split('?')[0]} with ${response.ok ? 'nonsense' : response.status}`);
    } catch (error) {
      throw new LedgerSilent(reasonOf(causeOf(error)), { cause: error });
    }
  }
}

// fetch itself says only "fetch failed".
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
