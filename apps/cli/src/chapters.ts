import { z } from 'zod';
import { call, Refused } from './services.js';

/** The delivery semantics a system in lab mode can be switched to. */
export const chapters = [
  {
    chapter: 1,
    name: 'naive',
    leavesOut: 'keys, outbox, publisher confirms, acks after commit, inbox',
    shows: 'money is lost on both hops',
    pay: 'npx paid-once pay payments.csv --no-keys --no-retry',
  },
  {
    chapter: 2,
    name: 'never pay too little',
    leavesOut: 'keys, inbox',
    shows: 'nothing is lost, money is paid twice on both hops',
    pay: 'npx paid-once pay payments.csv --no-keys',
  },
  {
    chapter: 3,
    name: 'avoid paying twice',
    leavesOut: 'inbox; keys are logged, not used',
    shows: 'a key alone changes nothing: money is paid twice',
    pay: 'npx paid-once pay payments.csv',
  },
  {
    chapter: 4,
    name: 'paying exactly once',
    leavesOut: 'nothing: so it runs outside lab mode',
    shows: 'nothing is lost, nothing is paid twice',
    pay: 'npx paid-once pay payments.csv',
  },
] as const;

const answer = z.object({ chapter: z.int().min(1).max(4), since: z.string() });

/** A chapter that is on, since when (ISO 8601), and its name. */
export type ChapterNow = z.infer<typeof answer> & { name: string };

/** @returns undefined outside lab mode: there are no chapters. @throws CliFailure payments does not answer, or refuses */
export async function currentChapter(
  paymentsUrl: string,
  signal?: AbortSignal,
): Promise<ChapterNow | undefined> {
  return asked({ path: '/lab/chapter', ...(signal && { signal }) }, paymentsUrl);
}

/** As above; resolves when every process works by the new chapter. @throws CliFailure the system is as it was */
export async function switchTo(
  chapter: number,
  paymentsUrl: string,
  signal: AbortSignal,
): Promise<ChapterNow | undefined> {
  return asked({ method: 'PUT', path: '/lab/chapter', body: { chapter }, signal }, paymentsUrl);
}

async function asked(
  request: Parameters<typeof call>[2],
  paymentsUrl: string,
): Promise<ChapterNow | undefined> {
  try {
    const now = await call('payments', paymentsUrl, request, answer);
    return { ...now, name: chapters.find(({ chapter }) => chapter === now.chapter)?.name ?? '' };
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
}
