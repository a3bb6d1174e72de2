import { backOff, pause } from '@paid-once/service/basics';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';
import { impatientClient } from '../impatient-client.js';
import { reasonOf } from '../services.js';

const patienceMs = 120_000;

/**
 * Waits until it answers; says so once if it does not at once, and again whenever the reason changes.
 * @throws CliFailure it did not answer within two minutes
 */
export async function waitFor(options: {
  what: string;
  answers: () => Promise<void>;
  say: (line: string) => void;
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { what, answers, say, signal } = options;
  const until = performance.now() + patienceMs;
  let said = '';
  for (const delayMs of backOff({ firstMs: 100, maxMs: 1_000 })) {
    try {
      return await answers();
    } catch (error) {
      const reason = reasonOf(error);
      if (performance.now() > until)
        throw new CliFailure(
          exitCodes.unreachable,
          `${what} does not answer: ${reason}.`,
          'Nothing was set up, so no payment can be accepted yet.',
          'Start it, or set its address right, and run npx paid-once setup again.',
        );
      if (reason !== said) say(`waiting for ${what}: ${reason}`);
      said = reason;
    }
    await pause(delayMs, signal);
    signal?.throwIfAborted();
  }
}

export async function databaseAnswers(url: string): Promise<void> {
  const client = impatientClient(url, 2_000);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end().catch(() => {});
  }
}

export async function brokerAnswers(adminUrl: string): Promise<void> {
  const url = new URL('/api/overview', adminUrl);
  const { username, password } = url;
  url.username = url.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  const response = await fetch(url, {
    headers: { authorization: `Basic ${credentials}` },
    signal: AbortSignal.timeout(2_000),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the management API answered ${response.status}`);
}
