import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What came of one attempt. */
export type Attempt =
  | { kind: 'answered'; status: number; retryAfterMs: number; detail: string }
  | { kind: 'unknown'; cause: NoAnswer; detail: string }; // the payment may be accepted or not

/**
 * Why there was no whole answer. `reset`: the other side ended the connection, or refused it. `timeout`: nothing came in
 * time. `stopped`: the payer's own signal. `other`: what never reached anybody, such as an unknown host.
 */
export type NoAnswer = 'reset' | 'timeout' | 'stopped' | 'other';

export interface PaymentRequest {
  body: string;
  headers: Readonly<Record<string, string>>;
}

export interface PaymentSender {
  /** One attempt; never rejects. */
  send(request: PaymentRequest, signal: AbortSignal): Promise<Attempt>;
  close(): void;
}

/** The longest error text that is kept of an answer, in bytes: enough for problem+json. */
const keptBytes = 4_096;

/**
 * @param timeoutMs from the beginning of an attempt to the end of its answer
 * @param keepAlive false: each attempt is made on a connection of its own, so that each meets what a link does to new ones
 */
export function createSender(
  url: string,
  { connections, timeoutMs, keepAlive }: { connections: number; timeoutMs: number; keepAlive: boolean },
): PaymentSender {
  const target = new URL(`${url.replace(/\/+$/, '')}/payments/`);
  const secure = target.protocol === 'https:';
  // With a limit Node's agent keeps connections for whoever waits, even with keepAlive false; the caller limits himself.
  const limit = keepAlive ? { maxSockets: connections } : {};
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive, ...limit });
  const request = secure ? httpsRequest : httpRequest;

  async function send({ body, headers }: PaymentRequest, stopped: AbortSignal): Promise<Attempt> {
    const answered = Promise.withResolvers<IncomingMessage>();
    const sent = request(target, {
      method: 'POST',
      agent,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers },
    });
    let abandoned: NoAnswer | undefined;
    const abandon = (cause: NoAnswer, why: string) => {
      abandoned ??= cause;
      sent.destroy(new Error(why));
    };
    const stop = () => abandon('stopped', 'stopped');
    const timer = setTimeout(() => abandon('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    stopped.addEventListener('abort', stop);
    sent.once('response', (response) => answered.resolve(response));
    sent.on('error', (error) => answered.reject(error));
    sent.end(body);
    try {
      if (stopped.aborted) stop();
      const response = await answered.promise;
      const text = await readAnswer(response);
      const { statusCode: status = 0, headers: received } = response;
      return {
        kind: 'answered',
        status,
        retryAfterMs: retryAfterMs(received['retry-after']),
        detail: problemIn(text),
      };
    } catch (error) {
      const reason = sent.errored ?? error;
      return { kind: 'unknown', cause: abandoned ?? causeOf(reason), detail: reasonOf(reason) };
    } finally {
      clearTimeout(timer);
      stopped.removeEventListener('abort', stop);
    }
  }

  return { send, close: () => agent.destroy() };
}

/** The answer to its end, so that the connection can be used again; a cut one is no answer. */
async function readAnswer(response: IncomingMessage): Promise<string> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < keptBytes) kept.push(chunk.subarray(0, keptBytes - bytes));
    bytes += chunk.length;
  }
  return Buffer.concat(kept).toString('utf8');
}

/** Seconds or a date (RFC 9110); 0 if there is none or it cannot be read. */
function retryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0;
  const waitMs = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(waitMs) ? 0 : Math.max(waitMs, 0);
}

/** What a problem+json says, or the beginning of whatever else it is. */
function problemIn(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null) {
      const said = ['title', 'detail']
        .map((name) => Reflect.get(problem, name) as unknown)
        .filter((part) => typeof part === 'string');
      if (said.length > 0) return said.join(': ');
    }
  } catch {
    // no JSON: a proxy's page, or a cut text
  }
  return text.slice(0, 200);
}

/** A refused connection is a reset too: TCP answers with the same segment, and to a user the link is broken either way. */
const resetCodes: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ECONNABORTED']);

function causeOf(error: unknown): NoAnswer {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (resetCodes.has(code)) return 'reset';
  return code === 'ETIMEDOUT' ? 'timeout' : 'other';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string'
    ? `${error.code}: ${error.message}`
    : error.message;
}
