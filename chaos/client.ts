import type { Completed, History, Invoked, Request } from './history.js';
import type { Leaks } from './leaks.js';

/** A person who waits this long takes it for broken. */
const attemptTimeoutMs = 5_000;

/** Sends requests and writes the history: what is asked before it is asked, what came of it when it did. */
export class Client {
  private attempts = 0;

  constructor(
    private readonly urls: Readonly<Record<string, string>>,
    private readonly history: History,
    private readonly leaks: Leaks,
  ) {}

  async send(asked: Pick<Invoked, 'op' | 'kind' | 'to' | 'request' | 'paymentId'>): Promise<Completed> {
    const n = this.attempts++;
    this.history.write({ type: 'invoke', n, ...asked, atMs: this.history.nowMs });
    const outcome = await this.outcomeOf(asked.request, this.urls[asked.to] ?? '');
    const completed = { n, atMs: this.history.nowMs, ...outcome };
    this.history.write(completed);
    return completed;
  }

  private async outcomeOf(request: Request, url: string): Promise<Omit<Completed, 'n' | 'atMs'>> {
    const { method, path, key, body } = request;
    try {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(attemptTimeoutMs),
      });
      const text = await response.text();
      this.leaks.look(`answer ${response.status} to ${method} ${path}`, text);
      const { status } = response;
      return status < 300
        ? { type: 'ok', status, answer: JSON.parse(text) }
        : { type: isNo(status) ? 'fail' : 'info', status, why: typeIn(text) };
    } catch (error) {
      return { type: 'info', why: reasonOf(error) };
    }
  }
}

/** Whether an answer promises that nothing was done and nothing will be: not one that says "later". */
function isNo(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 409, 429].includes(status);
}

function typeIn(text: string): string {
  try {
    return (JSON.parse(text) as { type?: string }).type ?? text.slice(0, 100);
  } catch {
    return text.slice(0, 100);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
