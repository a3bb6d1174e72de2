import { InvalidArgumentError, type Command } from 'commander';
import { redrivenText } from '../dead/dead-view.js';
import {
  redriveParked,
  requestRedrive,
  stuckAgainIn,
  triedIn,
  waitingIn,
  type Redriven,
} from '../dead/redrive.js';
import { quoted, whichOf, whichText } from '../dead/which.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { messagesIn, untilFinished } from '../interventions/until-finished.js';
import type { Intervention } from '../interventions/interventions.js';
import { addPatience } from '../interventions/patience.js';
import { progressOf } from '../output/progress.js';
import { counted } from '../output/words.js';
import { addRequester, requesterOf } from '../requester.js';
import { addVerb, type Context, type Run } from '../verb.js';

interface Flags {
  json?: true;
  all?: true;
  by?: string;
  why: string;
  rate: number;
  wait: boolean;
  timeout: number;
}

export function addRedrive(group: Command, run: Run, whichArgument: string): void {
  const verb = addVerb(group, {
    name: 'redrive',
    does: 'try stuck messages again, in order, under their own message ids',
    examples: [
      ['dead redrive unsupported --why "ledger updated"', 'after the cause is gone'],
      ['dead redrive --all --why "all repaired" --rate 100', 'everything, gently'],
      ['dead redrive 019a8f5e-6b1c-7cc3-9a55-0a4f6e1b2d3c --why "row corrected"', 'one payment'],
    ],
  });
  addPatience(addRequester(verb))
    .argument('[which]', whichArgument)
    .option('--all', 'everything that is stuck, on both sides')
    .option('--rate <n>', 'at most so many messages a second at the ledger', perSecond, 500)
    .action((text: string | undefined, flags: Flags) =>
      run(flags.json === true, (context) => redrive(context, text, flags)),
    );
}

async function redrive(context: Context, text: string | undefined, flags: Flags): Promise<ExitCode> {
  const { out, settings, signal } = context;
  const { urls } = settings();
  const which = whichOf(text, flags);
  const who = requesterOf(flags);

  const requested = await requestRedrive(urls.payments, which, who, signal);
  if (requested.messages > 0)
    out.note(`Asked the relay to publish ${counted(requested.messages, 'dead letter')} again.`);
  const progress = progressOf(out, 'parked messages');
  const ledger = await redriveParked(urls.ledger, which, who, {
    rate: flags.rate,
    onPortion: (done, remaining) => progress.update(done, done + remaining, 'tried again'),
    signal,
  }).finally(() => progress.end());
  const ended = flags.wait
    ? await untilFinished(requested.interventions, requested.messages, {
        out,
        paymentsUrl: urls.payments,
        patienceMs: flags.timeout * 1_000,
        signal,
      })
    : undefined;

  const outbox = outboxResult(requested, ended);
  out.result({ outbox, ledger, ...who });
  if (requested.messages + triedIn(ledger) + ledger.untrusted === 0) {
    out.say(`Nothing is stuck${whichText(which)}: nothing was tried.`);
    out.next('npx paid-once dead list');
    return exitCodes.done;
  }
  showOutbox(context, outbox);
  if (triedIn(ledger) > 0) out.say(`ledger   ${redrivenText(ledger)}`);
  return verdict(context, text, outbox, ledger);
}

interface OutboxResult {
  requested: number;
  /** Null when it was not waited for. */
  published: number | null;
  stillDead: number | null;
  failures: string[];
  interventions: readonly string[];
}

function outboxResult(
  { interventions, messages }: { interventions: string[]; messages: number },
  ended: Intervention[] | undefined,
): OutboxResult {
  const published = ended === undefined ? null : messagesIn(ended);
  return {
    requested: messages,
    published,
    stillDead: published === null ? null : Math.max(0, messages - published),
    failures: (ended ?? []).flatMap(({ failure }) => failure ?? []),
    interventions,
  };
}

function showOutbox({ out }: Context, { requested, published, stillDead, failures }: OutboxResult): void {
  if (requested === 0) return;
  if (published === null) out.say(`outbox   ${counted(requested, 'message')} asked for, not waited for`);
  else
    out.say(
      `outbox   ${counted(published, 'message')} published again${stillDead ? `, ${counted(stillDead, 'message')} can still not be published` : ''}`,
    );
  for (const failure of new Set(failures)) out.say(`         ${failure}`);
}

function verdict(
  { out }: Context,
  text: string | undefined,
  { requested, stillDead }: OutboxResult,
  ledger: Redriven,
): ExitCode {
  const stuck = (stillDead ?? 0) + stuckAgainIn(ledger);
  const { untrusted } = ledger;
  if (untrusted > 0) {
    out.say(
      `${counted(untrusted, 'message')} not tried: forged, and the ledger trusts none of those who published them.`,
    );
    out.say(
      'If they are meant, name their users in PAID_ONCE_LEDGER_TRUSTS, start the ledger again, and redrive.',
    );
    if (stuck === 0) {
      out.next('npx paid-once dead show forged');
      return exitCodes.differ;
    }
  }
  if (stuck > 0) {
    out.say(
      out.colours.bold(
        `${counted(stuck, 'message')} stuck again: kept, not lost, and not tried again by itself.`,
      ),
    );
    out.next(text === undefined ? 'npx paid-once dead list' : `npx paid-once dead show ${quoted(text)}`);
    return exitCodes.differ;
  }
  if (requested > 0 && stillDead === null) {
    out.say(
      'Asked for, and not done yet: the relay publishes them as soon as it can; status shows what is open.',
    );
    out.next('npx paid-once status');
    return exitCodes.done;
  }
  if (waitingIn(ledger) > 0) {
    out.say('Nothing of it needs a person: a reversal is posted together with its payment.');
    out.next('npx paid-once compare --wait');
    return exitCodes.done;
  }
  out.say(out.colours.green('✓ Nothing of it is stuck any more.'));
  out.next('npx paid-once compare --wait');
  return exitCodes.done;
}

function perSecond(text: string): number {
  const value = Number(text);
  if (!/^\d{1,6}$/.test(text) || value < 1 || value > 100_000)
    throw new InvalidArgumentError('It is a whole number of messages a second, from 1 to 100000.');
  return value;
}
