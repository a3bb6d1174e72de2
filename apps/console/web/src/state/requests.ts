import { signal } from '@preact/signals';
import type { AboutView, BreakRequest, ConsoleProblem, Done } from '../../../src/api.js';
import { givenKey } from './key.js';
import type { LinkName } from '@paid-once/links';

/** What the console refused last, until it is dismissed or something succeeds. */
export const problem = signal<ConsoleProblem | null>(null);
/** Said to those who cannot see the drawn link change. */
export const done = signal('');

export async function ask(path: string, body: object = {}): Promise<boolean> {
  return send(path, JSON.stringify(body), 'application/json');
}

export async function payFile(csv: File): Promise<boolean> {
  return send('/api/runs', csv, 'text/csv', { 'x-file-name': csv.name.replaceAll(/[^\w .-]/g, '_') });
}

/** What was looked up, or why it cannot be: told where it would stand, since nobody asked for it by a press. */
export type Looked<Answer> = { answer: Answer } | { problem: ConsoleProblem };

export async function look<Answer>(path: string): Promise<Looked<Answer>> {
  const answer = await fetch(path).catch(() => undefined);
  if (answer?.ok === true) return { answer: (await answer.json()) as Answer };
  return { problem: await problemOf(answer) };
}

export const breakLink = (link: LinkName, request: BreakRequest) => ask(`/api/links/${link}/break`, request);
export const healLink = (link: LinkName) => ask('/api/links/heal', { link });
export const healAll = () => ask('/api/links/heal');
export const sendOne = () => ask('/api/runs', { rows: 1 });
export const sendOurFile = () => ask('/api/runs', { file: 'payments.csv' });
export const sendThousand = () => ask('/api/runs', { rows: 1_000 });

/** Kept if it is good for acting; else the problem tells why not. */
export async function useKey(key: string): Promise<void> {
  givenKey.value = key;
  if (!(await ask('/api/key'))) givenKey.value = null;
}

/** What only this page can read. */
let token: string | undefined;

async function tokenNow(): Promise<string> {
  if (token === undefined) {
    const looked = await look<AboutView>('/api/about');
    if ('answer' in looked) token = looked.answer.token;
  }
  return token ?? '';
}

async function send(
  path: string,
  body: BodyInit,
  type: string,
  further: Record<string, string> = {},
): Promise<boolean> {
  const post = async () =>
    fetch(path, {
      method: 'POST',
      headers: {
        'content-type': type,
        'x-paid-once-console': await tokenNow(),
        ...(givenKey.value !== null && { authorization: `Bearer ${givenKey.value}` }),
        ...further,
      },
      body,
    }).catch(() => undefined);
  let answer = await post();
  if (answer !== undefined && (await isOfAnother(answer))) {
    token = undefined;
    answer = await post();
  }
  if (answer?.ok !== true) {
    problem.value = await problemOf(answer);
    return false;
  }
  problem.value = null;
  done.value = ((await answer.json()) as Done).says;
  return true;
}

/** A console that was started again has another token: what it refused for that it has not done. */
async function isOfAnother(answer: Response): Promise<boolean> {
  if (answer.status !== 403) return false;
  const told = (await answer
    .clone()
    .json()
    .catch(() => ({}))) as { type?: string };
  return told.type === '/problems/not-from-this-page';
}

async function problemOf(answer: Response | undefined): Promise<ConsoleProblem> {
  if (answer === undefined) {
    return {
      title: 'The console does not answer',
      detail: 'The request got no answer, so it is not known whether it was done.',
      money: 'No payment depends on the console: it only watches and asks.',
      next: 'Look at the terminal in which it runs.',
    };
  }
  const told = await answer.json().catch(() => null);
  const written = (typeof told === 'object' && told !== null ? told : {}) as Partial<ConsoleProblem>;
  return {
    title: written.title ?? `The console answered ${answer.status}`,
    detail: written.detail ?? 'It did not say why.',
    money: written.money ?? null,
    next: written.next ?? null,
  };
}
