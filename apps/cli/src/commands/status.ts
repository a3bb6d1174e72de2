import { Side, type Stats } from '@paid-once/compare';
import { connectLinks, faultsOn, type LinkState } from '@paid-once/links';
import type { Command } from 'commander';
import { z } from 'zod';
import { currentChapter } from '../chapters.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { failureOf } from '../failure.js';
import { conditionOf } from '../faults/words.js';
import type { Output } from '../output/output.js';
import { age, count, counted, money } from '../output/words.js';
import { relayStatus, type RelayStatus } from '../relay-status.js';
import { call } from '../services.js';
import { addVerb, type Context, type Run } from '../verb.js';

export function addStatus(program: Command, run: Run): void {
  addVerb(program, {
    name: 'status',
    does: 'where the money is now: payments, outbox, ledger, links',
    examples: [
      ['status', 'the stations, one under the other'],
      ['status --json', 'for scripts; exit 3 if a part does not answer'],
    ],
  }).action((flags: { json?: true }) => run(flags.json === true, status));
}

const ledgerAnswer = z.object({
  consumer: z.object({ kind: z.string(), cause: z.string().optional() }).or(z.string()),
});
const parkedAnswer = z.object({ count: z.number() });

async function status({ out, settings, signal }: Context): Promise<ExitCode> {
  const { urls } = settings();
  const [chapter, payments, outbox, ledger, consumer, parked, links] = await Promise.all([
    // Nothing outside lab mode; that payments does not answer is told once, by what follows.
    currentChapter(urls.payments, signal).catch(() => undefined),
    asked(new Side('payments', urls.payments, signal).stats()),
    asked(relayStatus(urls.relay, signal)),
    asked(new Side('ledger', urls.ledger, signal).stats()),
    asked(call('ledger', urls.ledger, { path: '/status', signal }, ledgerAnswer)),
    asked(call('ledger', urls.ledger, { path: '/parked?limit=1', signal }, parkedAnswer)),
    asked(connectLinks(urls.toxiproxy).list()),
  ]);
  const parts = { payments, outbox, ledger, consumer, parked, links };
  out.result(
    Object.fromEntries([
      ...(chapter === undefined ? [] : [['chapter', chapter]]),
      ...Object.entries(parts).map(([name, part]) => [name, part.value ?? { error: part.reason }]),
    ]),
  );

  if (chapter !== undefined) out.say(`lab mode, chapter ${chapter.chapter}: ${chapter.name}`);
  showStations(out, parts);
  const missing = Object.values(parts).flatMap(({ reason }) => reason ?? []);
  if (missing.length > 0) {
    out.say();
    for (const reason of new Set(missing)) out.say(out.colours.red(reason));
    out.say(
      'What does not answer changes nothing about the money: accepted payments are in the payments database.',
    );
    out.next('npm start', 'docker compose up');
    return exitCodes.unreachable;
  }
  const broken = links.value?.some((link) => faultsOn(link).length > 0);
  out.next(
    broken
      ? 'npx paid-once heal'
      : payments.value?.count === 0
        ? 'npx paid-once pay payments.csv'
        : 'npx paid-once compare',
  );
  return exitCodes.done;
}

/** A part of the answer, or why it is missing. */
type Asked<Value> = { value: Value; reason?: undefined } | { value?: undefined; reason: string };

async function asked<Value>(answer: Promise<Value>): Promise<Asked<Value>> {
  try {
    return { value: await answer };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return { reason: failure.happened };
  }
}

interface Parts {
  payments: Asked<Stats>;
  outbox: Asked<RelayStatus>;
  ledger: Asked<Stats>;
  consumer: Asked<z.infer<typeof ledgerAnswer>>;
  parked: Asked<z.infer<typeof parkedAnswer>>;
  links: Asked<LinkState[]>;
}

function showStations(out: Output, { payments, outbox, ledger, consumer, parked, links }: Parts): void {
  const { bold, dim } = out.colours;
  const station = (name: string, text: string) => out.say(`${bold(name.padEnd(9))} ${text}`);
  const between = (...names: string[]) =>
    out.say(dim(`    │     ${names.map((name) => linkText(name, links.value)).join('   ')}`));
  between('payment');
  station('payments', payments.value ? balance(payments.value) : '?');
  between('payments-postgres', 'relay-postgres');
  station('outbox', outbox.value ? outboxText(outbox.value) : '?');
  between('relay-rabbitmq');
  station('RabbitMQ', underway(payments.value, outbox.value, ledger.value, parked.value?.count ?? 0));
  between('ledger-rabbitmq', 'ledger-postgres');
  const held =
    parked.value && parked.value.count > 0 ? ` · ${counted(parked.value.count, 'message')} parked` : '';
  station('ledger', ledger.value ? `${balance(ledger.value)}${held}${consumerText(consumer.value)}` : '?');
}

function balance({ count: payments, totals, reversals }: Stats): string {
  return `${counted(payments, 'payment')} · ${money(totals)}${reversals > 0 ? ` · ${counted(reversals, 'reversal')}` : ''}`;
}

function outboxText({ pending, oldestSeconds, deadLetters, trouble }: RelayStatus): string {
  const waits = pending === 0 ? 'empty' : `${count(pending)} waiting, the oldest for ${age(oldestSeconds)}`;
  const dead = deadLetters > 0 ? ` · ${counted(deadLetters, 'dead letter')}` : '';
  return `${waits}${dead}${trouble === undefined ? '' : ` · ${trouble}`}`;
}

/** A queue is not asked: what has left the outbox and has not reached the ledger is in it, or was a moment ago. */
function underway(
  payments: Stats | undefined,
  outbox: RelayStatus | undefined,
  ledger: Stats | undefined,
  parked: number,
): string {
  if (!payments || !outbox || !ledger) return '?';
  const events = payments.count + payments.reversals - ledger.count - ledger.reversals;
  const published = Math.max(0, events - outbox.pending - outbox.deadLetters - parked);
  return published === 0 ? 'nothing under way' : `about ${counted(published, 'message')} under way`;
}

function consumerText(answer: z.infer<typeof ledgerAnswer> | undefined): string {
  const state =
    typeof answer?.consumer === 'string' ? { kind: answer.consumer, cause: undefined } : answer?.consumer;
  if (state === undefined || state.kind === 'consuming') return '';
  return ` · ${state.kind}${state.cause ? ` for ${state.cause}` : ''}`;
}

function linkText(name: string, links: readonly LinkState[] | undefined): string {
  const link = links?.find((each) => each.name === name);
  return `${name} ${link === undefined ? '(no link)' : conditionOf(link)}`;
}
