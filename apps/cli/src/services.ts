import { printable } from '@paid-once/service/basics';
import { z } from 'zod';
import { CliFailure, unreachable } from './failure.js';
import { exitCodes } from './exit-codes.js';
import { apiKey } from './credential.js';

export type ServiceName = 'payments' | 'ledger' | 'relay';

const usualAnswerMs = 10_000;

/** A service answered, and said no. */
export class Refused extends CliFailure {
  constructor(
    readonly status: number,
    happened: string,
  ) {
    super(exitCodes.differ, happened, 'Nothing was changed.', 'npx paid-once status');
  }
}

/** One HTTP call to a service of ours. @throws CliFailure it does not answer, or `Refused`: it answers no */
export async function call<Schema extends z.ZodType>(
  service: ServiceName,
  baseUrl: string,
  request: {
    method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
    path: string;
    body?: object;
    signal?: AbortSignal;
    /** How long to wait for the answer, in milliseconds. */
    answerMs?: number;
  },
  schema: Schema,
): Promise<z.infer<Schema>> {
  const { method = 'GET', path, body, answerMs = usualAnswerMs } = request;
  const timeout = AbortSignal.timeout(answerMs);
  const key = apiKey();
  let response: Response;
  let text: string;
  try {
    response = await fetch(baseUrl + path, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: request.signal ? AbortSignal.any([timeout, request.signal]) : timeout,
    });
    text = await response.text();
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    throw unreachable(
      `${names[service]} does not answer at ${baseUrl} (${reasonOf(error, answerMs)}).`,
      service,
    );
  }
  if (response.ok) return answerIn(text, schema, () => foreign(service, baseUrl));
  const { title, detail } = problemIn(text);
  const said = `${names[service]} answered ${method} ${path} with ${response.status}: ${[title, detail].filter(Boolean).join('. ')}`;
  if (response.status === 503) throw unreachable(said, service);
  throw new Refused(response.status, said);
}

function answerIn<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  otherwise: () => CliFailure,
): z.infer<Schema> {
  try {
    return schema.parse(text === '' ? undefined : parsed(text));
  } catch {
    throw otherwise();
  }
}

/** Some of what it says others have written: what was parked may be anything. */
function parsed(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? printable(value) : value));
}

function foreign(service: ServiceName, baseUrl: string): CliFailure {
  return unreachable(
    `${names[service]} does not answer at ${baseUrl}: another program seems to answer there.`,
    service,
  );
}

const names: Record<ServiceName, string> = { payments: 'Payments', ledger: 'The ledger', relay: 'The relay' };

const problem = z.object({ title: z.string().optional(), detail: z.string().optional() });

function problemIn(text: string): z.infer<typeof problem> {
  try {
    return problem.parse(parsed(text));
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

export function reasonOf(error: unknown, answerMs = usualAnswerMs): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name === 'TimeoutError' ? `no answer within ${answerMs / 1000} s` : error.message;
}
