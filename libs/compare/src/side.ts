import { paymentEventTypes } from '@paid-once/contracts';
import { z } from 'zod';
import { exportRow, type ExportRow } from './export-row.js';
import { linesOf } from './lines.js';
import { within } from './within.js';

const stats = z.object({
  count: z.number(),
  totals: z.record(z.string(), z.string()),
  reversals: z.number().default(0),
});
/** `GET /stats`: payments, and their totals in major units net of reversals. */
export type Stats = z.infer<typeof stats>;

const digest = z.object({ count: z.coerce.string(), sum: z.coerce.string(), hash: z.coerce.string() });
/** `GET /digest`: equal digests, equal rows; the order in which they were read does not matter. */
export type Digest = z.infer<typeof digest>;

const station = z.object({
  paymentId: z.string(),
  type: z.enum(paymentEventTypes),
  station: z.enum(['outbox', 'published', 'dead-lettered', 'posted', 'parked', 'waiting']),
  reason: z.string().nullish(),
  messageId: z.string().nullish(),
  since: z.string().nullish(),
});
/** `GET /stations?payment=`: where an event of a payment is now, since when (ISO 8601) and why. */
export type Station = z.infer<typeof station>;

/** Milliseconds. */
const answerMs = 10_000;
const silenceMs = 20_000;

/** One of the two ledgers, read over HTTP. */
export class Side {
  constructor(
    readonly name: 'payments' | 'ledger',
    readonly url: string,
    private readonly signal?: AbortSignal,
  ) {}

  /**
   * Every event after the given payment, in order; read as fast as the caller takes it, no faster.
   * @throws SideUnreachable also when the stream breaks off before its end
   */
  async *export(after?: string): AsyncGenerator<ExportRow, void> {
    const unwanted = new AbortController();
    try {
      const signal = this.signal ? AbortSignal.any([unwanted.signal, this.signal]) : unwanted.signal;
      const response = await within(
        silenceMs,
        this.get(after === undefined ? '/export' : `/export?after=${after}`, signal),
      );
      if (response.body === null) return;
      for await (const line of linesOf(response.body, silenceMs)) yield exportRow.parse(JSON.parse(line));
    } catch (error) {
      throw this.failure(error);
    } finally {
      unwanted.abort(); // the caller may have had enough
    }
  }

  /** Of all events; undefined if the side cannot answer that now (too many rows for one statement). */
  async digest(): Promise<Digest | undefined> {
    try {
      return await this.json('/digest', digest);
    } catch (error) {
      if (error instanceof SideUnreachable && error.status !== undefined) return undefined;
      throw error;
    }
  }

  stats(): Promise<Stats> {
    return this.json('/stats', stats);
  }

  /** Where the events of these payments are; at most 100 payments, so that the request's line stays short. */
  stations(paymentIds: readonly string[]): Promise<Station[]> {
    const query = new URLSearchParams(paymentIds.map((id): [string, string] => ['payment', id]));
    return this.json(`/stations?${query.toString()}`, z.array(station));
  }

  private async json<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    try {
      const timeout = AbortSignal.timeout(answerMs);
      const response = await this.get(path, this.signal ? AbortSignal.any([timeout, this.signal]) : timeout);
      return schema.parse(await response.json());
    } catch (error) {
      throw this.failure(error);
    }
  }

  private async get(path: string, signal: AbortSignal): Promise<Response> {
    const response = await fetch(this.url.replace(/\/$/, '') + path, { signal });
    if (response.ok) return response;
    const problem = (await response.text()).slice(0, 300);
    throw new SideUnreachable(
      this.name,
      this.url,
      `it answered ${path} with ${response.status}: ${problem}`,
      response.status,
    );
  }

  private failure(error: unknown): unknown {
    if (error instanceof SideUnreachable || error instanceof z.ZodError) return error;
    if (this.signal?.aborted) return this.signal.reason;
    return new SideUnreachable(this.name, this.url, reasonOf(error));
  }
}

/** A side does not answer, or not whole: then nothing is said about the ledgers, and nothing was changed. */
export class SideUnreachable extends Error {
  override readonly name = 'SideUnreachable';

  constructor(
    readonly side: 'payments' | 'ledger',
    readonly url: string,
    readonly reason: string,
    /** The HTTP status, if there was an answer. */
    readonly status?: number,
  ) {
    super(`${side} at ${url}: ${reason}`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError && 'code' in error.cause) return String(error.cause.code);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
