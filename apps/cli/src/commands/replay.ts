import { isUuidV7 } from '@paid-once/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { duration, durationText } from '../faults/quantities.js';
import { findMissing } from '../interventions/find-missing.js';
import { addPatience } from '../interventions/patience.js';
import { requestReplay, type ReplayWhat, type RequestedReplay } from '../interventions/request-replay.js';
import { messagesIn, untilFinished } from '../interventions/until-finished.js';
import { waitingLine } from '../output/progress.js';
import { counted } from '../output/words.js';
import { addRequester, requesterOf, type Requester } from '../requester.js';
import { addVerb, type Context, type Run } from '../verb.js';

const sinceBounds = { minMs: 1_000, maxMs: 365 * 86_400_000 };

interface Flags {
  json?: true;
  since?: number;
  payment?: string[];
  missing?: true;
  by?: string;
  why: string;
  wait: boolean;
  timeout: number;
}

export function addReplay(program: Command, run: Run): void {
  const verb = addVerb(program, {
    name: 'replay',
    does: 'publish messages again from the outbox’s history: the inbox lets each take effect once',
    examples: [
      ['replay --missing --why "RabbitMQ lost its disk"', 'what a comparison with a marker finds missing'],
      ['replay --since 2h --why "ledger database restored"', 'all that was accepted in the last two hours'],
      [
        'replay --payment 019a8f5e-6b1c-7cc3-9a55-0a4f6e1b2d3c --why "ticket 4711"',
        'one payment, or several',
      ],
    ],
  });
  addPatience(addRequester(verb))
    .option('--since <time>', 'all that was accepted in that time: 30m, 2h, 1d', (text) =>
      duration(text, sinceBounds),
    )
    .option('--payment <id...>', 'these payments, their reversals too', paymentIds)
    .option('--missing', 'what is published and neither posted, parked nor on its way')
    .action((flags: Flags) => run(flags.json === true, (context) => replay(context, flags)));
}

async function replay(context: Context, flags: Flags): Promise<ExitCode> {
  const { out, settings, signal } = context;
  const { urls } = settings();
  const who = requesterOf(flags);
  const what = await whatIn(context, flags);
  if ('payments' in what && what.payments.length === 0) {
    out.result({ requested: 0, published: 0, notInHistory: [], failures: [], interventions: [], ...who });
    out.say(out.colours.green('✓ Nothing is missing: nothing was published again.'));
    out.next('npx paid-once compare');
    return exitCodes.done;
  }
  const requested = await requestReplay(urls.payments, what, who, signal);
  if (requested.messages > 0)
    out.note(`Asked the relay to publish ${aboutMessages(what, requested)} again, beside what is new.`);
  const ended = flags.wait
    ? await untilFinished(requested.interventions, requested.messages - requested.enqueuedAnew, {
        out,
        paymentsUrl: urls.payments,
        patienceMs: flags.timeout * 1_000,
        signal,
      })
    : undefined;
  const published = ended === undefined ? null : messagesIn(ended);
  const failures = (ended ?? []).flatMap(({ failure }) => failure ?? []);
  const { messages, ...rest } = requested;
  out.result({ requested: messages, published, failures, ...rest, ...who });
  return show(context, { published, failures, requested }, who);
}

function show(
  { out }: Context,
  {
    published,
    failures,
    requested,
  }: { published: number | null; failures: string[]; requested: RequestedReplay },
  { by, why }: Requester,
): ExitCode {
  const { messages, enqueuedAnew, deadLetters, pending, notInHistory } = requested;
  if (published === null && messages > 0)
    out.say('Not waited for: the relay does it by itself; status shows what is open.');
  else if (published) out.say(`✓ ${counted(published, 'message')} published again, by ${by}: ${why}`);
  else if (enqueuedAnew === 0) out.say('Nothing was published again.');
  if (enqueuedAnew > 0)
    out.say(
      `✓ ${counted(enqueuedAnew, 'message')} that retention had removed put into the outbox anew: the relay publishes ${enqueuedAnew === 1 ? 'it' : 'them'} with what is new.`,
    );
  if (pending > 0)
    out.say(
      `${counted(pending, 'message')} not published yet when this was asked for: nothing to do, the relay publishes what waits.`,
    );
  if (deadLetters > 0)
    out.say(
      `${counted(deadLetters, 'dead letter')} not published: a replay leaves them; npx paid-once dead redrive PAYMENT takes them.`,
    );
  for (const failure of new Set(failures)) out.say(failure);
  for (const id of notInHistory) out.say(`Payments never accepted ${id}: there is nothing to publish.`);
  if (published || enqueuedAnew > 0)
    out.say('What the ledger had posted before is not posted again: its inbox knows it.');
  out.next(deadLetters > 0 ? 'npx paid-once dead list' : 'npx paid-once compare --wait');
  return failures.length + notInHistory.length + deadLetters > 0 ? exitCodes.differ : exitCodes.done;
}

/** @throws CliFailure nothing was said, or too much; or, with --missing, what is missing cannot be told */
async function whatIn({ out, settings, signal }: Context, flags: Flags): Promise<ReplayWhat> {
  const { since, payment, missing, timeout } = flags;
  const given = [since, payment, missing].filter((each) => each !== undefined).length;
  if (given !== 1)
    throw new CliFailure(
      exitCodes.usage,
      'Say what: --since TIME, --payment ID or --missing; one of them.',
      'Nothing was published again.',
      'npx paid-once replay --help',
    );
  if (since !== undefined) return { sinceSeconds: Math.ceil(since / 1_000) };
  if (payment !== undefined) return { payments: payment };
  const { payments, ledger } = settings().urls;
  const waiting = waitingLine(out);
  const found = await findMissing({
    payments,
    ledger,
    patienceMs: timeout * 1_000,
    onWaiting: (what) => waiting.show(what),
    signal,
  }).finally(() => waiting.end());
  return { payments: found };
}

function aboutMessages(what: ReplayWhat, { messages }: RequestedReplay): string {
  const count = counted(messages, 'message');
  return 'sinceSeconds' in what
    ? `about ${count} of the last ${durationText(what.sinceSeconds * 1_000)}`
    : count;
}

function paymentIds(text: string, before: string[] = []): string[] {
  if (!isUuidV7(text))
    throw new InvalidArgumentError('It is the id of a payment, as POST /payments answered it.');
  return [...before, text];
}
