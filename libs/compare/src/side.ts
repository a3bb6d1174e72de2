import { z } from 'zod';
import { bound, bucket, station, stats, type Bound, type Station } from './answers.js';
import type { Bucket, DigestRange } from './digests.js';
import { exportRow, type ExportRow } from './export-row.js';
import { linesOf } from './lines.js';
import type { Stats } from './stats.js';
import { within } from './within.js';

/** Milliseconds. */
const answerMs = 10_000;
/** All rows are added up: of ten million payments that took half a minute. */
const statsMs = 60_000;
const silenceMs = 20_000;

/** One of the two ledgers, read over HTTP. */
export class Side {
  constructor(
    readonly name: 'payments' | 'ledger',
    readonly url: string,
    private readonly signal?: AbortSignal,
    /** An API key that lets us read all of it; lab mode needs none. */
    private readonly key?: string,
  ) {}

  /**
   * Every event of a range, in order; read as fast as the caller takes it, no faster.
   * @throws SideUnreachable also when the stream breaks off before its end
   */
  export(range: DigestRange = {}): AsyncGenerator<ExportRow, void> {
    return this.lines(`/export${query(range)}`, exportRow);
  }

  /**
   * The digests of a range's buckets, in order.
   * @param digits how many hex digits of a payment id make its bucket
   * @throws SideUnreachable also when the stream breaks off before its end
   */
  digests(range: DigestRange, digits: number): AsyncGenerator<Bucket, void> {
    return this.lines(`/digests${query({ ...range, digits })}`, bucket);
  }

  stats(): Promise<Stats> {
    return this.ask('/stats', stats, { limitMs: statsMs });
  }

  /** Payments only: what is older than that, by its database's clock, has a smaller message id. */
  bound(secondsAgo: number): Promise<Bound> {
    return this.ask(`/digests/bound${query({ seconds: secondsAgo })}`, bound);
  }

  /**
   * Where the events of these payments are; at most 100 payments, so that the request's line stays short.
   * @param markers payments only: a set of markers, and the answer tells what was published before them
   */
  stations(paymentIds: readonly string[], markers?: string): Promise<Station[]> {
    const parameters = new URLSearchParams(paymentIds.map((id): [string, string] => ['payment', id]));
    if (markers !== undefined) parameters.append('marker', markers);
    return this.ask(`/stations?${parameters.toString()}`, z.array(station));
  }

  /** One answer. @param options `body` is sent with POST */
  async ask<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    { body, limitMs = answerMs }: { body?: object; limitMs?: number } = {},
  ): Promise<z.infer<Schema>> {
    try {
      const timeout = AbortSignal.timeout(limitMs);
      const signal = this.signal ? AbortSignal.any([timeout, this.signal]) : timeout;
      const response = await this.send(path, {
        signal,
        ...(body && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      return schema.parse(JSON.parse(await response.text()));
    } catch (error) {
      throw this.failure(error);
    }
  }

  private async *lines<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
  ): AsyncGenerator<z.infer<Schema>, void> {
    const unwanted = new AbortController();
    try {
      const signal = this.signal ? AbortSignal.any([unwanted.signal, this.signal]) : unwanted.signal;
      const response = await within(silenceMs, this.send(path, { signal }));
      if (response.body === null) return;
      for await (const line of linesOf(response.body, silenceMs)) yield schema.parse(JSON.parse(line));
    } catch (error) {
      throw this.failure(error);
    } finally {
      unwanted.abort(); // the caller may have had enough
    }
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      ...(init.headers as Record<string, string> | undefined),
      ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
    };
    const response = await fetch(this.url.replace(/\/$/, '') + path, { ...init, headers });
    if (response.ok) return response;
    const problem = detailOf(await response.text()).slice(0, 300);
    throw new SideUnreachable(
      this.name,
      this.url,
      `it answered ${path} with ${response.status}: ${problem}`,
      response.status,
    );
  }

  private failure(error: unknown): unknown {
    if (error instanceof SideUnreachable) return error;
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

/** What a problem document says; else all of it. */
function detailOf(answer: string): string {
  try {
    const { detail } = JSON.parse(answer) as { detail?: unknown };
    if (typeof detail === 'string') return detail;
  } catch {
    // not from one of ours
  }
  return answer;
}

function query(parameters: object): string {
  const given = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, string] => [name, String(value)]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof z.ZodError || error instanceof SyntaxError)
    return 'another program seems to answer there';
  if (error.cause instanceof AggregateError && 'code' in error.cause) return String(error.cause.code);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
