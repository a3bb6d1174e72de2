import type { Logger } from '@nestjs/common';

const quietMs = 1_000;

/** One log line when something is away, one when its reason changes, one when it is back: not one for each attempt. */
export class Waiting {
  private since: number | undefined;
  private reason: string | undefined;
  private last = -Infinity;

  constructor(
    private readonly logger: Logger,
    private readonly what: string,
  ) {}

  because(error: unknown): void {
    const reason = reasonOf(error);
    this.last = performance.now();
    if (reason === this.reason) return;
    this.since ??= performance.now();
    this.reason = reason;
    this.logger.warn(`waiting for ${this.what}: ${reason}`);
  }

  over(): void {
    if (this.since === undefined) this.logger.log(`connected to ${this.what}`);
    else
      this.logger.log(`${this.what} is back after ${((performance.now() - this.since) / 1000).toFixed(1)} s`);
    this.since = this.reason = undefined;
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
