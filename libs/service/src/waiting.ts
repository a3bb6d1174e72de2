import type { Logger } from '@nestjs/common';

const quietMs = 1_000;
/** Some name what no other does, such as a port. */
const mostReasons = 10;

/** One log line when something is away, one for each further reason, one when it is back: not one for each attempt. */
export class Waiting {
  private since: number | undefined;
  private readonly reasons = new Set<string>();
  private last = -Infinity;

  constructor(
    private readonly logger: Logger,
    private readonly what: string,
  ) {}

  because(error: unknown): void {
    const reason = reasonOf(error);
    this.last = performance.now();
    this.since ??= performance.now();
    if (this.reasons.has(reason) || this.reasons.size === mostReasons) return;
    const begins = this.reasons.size === 0;
    this.reasons.add(reason);
    this.logger.warn(`${begins ? 'waiting' : 'still waiting'} for ${this.what}: ${reason}`);
  }

  over(): void {
    if (this.since === undefined) this.logger.log(`connected to ${this.what}`);
    else
      this.logger.log(`${this.what} is back after ${((performance.now() - this.since) / 1000).toFixed(1)} s`);
    this.since = undefined;
    this.reasons.clear();
  }

  /** Nothing, if it never failed. */
  overIfBegun(): void {
    if (this.since !== undefined) this.over();
  }

  /** For what fails and works by turns: over only when it has not failed for a second; nothing, if it never did. */
  overAfterQuiet(): void {
    if (this.since !== undefined && performance.now() - this.last > quietMs) this.over();
  }
}

/** What an error says, in one line, without a stack; an AggregateError's own message is empty. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
