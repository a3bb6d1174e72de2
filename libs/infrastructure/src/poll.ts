import { setTimeout } from 'node:timers/promises';

/**
 * Asks until there is an answer other than undefined.
 * @param limitMs gives up after so many milliseconds
 * @returns undefined when it gave up
 */
export async function poll<Answer>(
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  limitMs: number,
): Promise<Answer | undefined> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > until) return answer;
    await setTimeout(50);
  }
}
