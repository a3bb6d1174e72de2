import { InvalidArgumentError, type Command } from 'commander';
import { groupsOn, messagesOn, ofSidesThatAnswer, together } from '../dead/dead-letters.js';
import { showGroups, showMessages } from '../dead/dead-view.js';
import { dropDead } from '../dead/drop.js';
import { ledgerReasons, meaningOf } from '../dead/reasons.js';
import { quoted, whichOf, whichText } from '../dead/which.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { counted, money } from '../output/words.js';
import { addRequester, requesterOf } from '../requester.js';
import { addGroup, addVerb, type Context, type Run } from '../verb.js';
import { addRedrive } from './dead-redrive.js';
import { sumOfMoney } from '../output/sums.js';

const whichArgument = 'a reason (see dead list), or the id of a payment';

export function addDead(program: Command, run: Run): void {
  const group = addGroup(program, {
    name: 'dead',
    does: 'what got stuck for good: dead letters in the outbox, messages the ledger parked',
  });
  addList(group, run);
  addShow(group, run);
  addRedrive(group, run, whichArgument);
  addDrop(group, run);
}

function addList(group: Command, run: Run): void {
  addVerb(group, {
    name: 'list',
    does: 'both sides, by reason: how many, how much money, since when, what it means, what helps',
    examples: [
      ['dead list', 'what is stuck now'],
      ['dead list --dropped', 'what was given up, instead'],
      ['dead list --json', 'for scripts'],
    ],
  })
    .option('--dropped', 'what was dropped, instead of what is stuck')
    .addHelpText('after', `\nReasons of the ledger: ${ledgerReasons.join(', ')}.`)
    .action((flags: { json?: true; dropped?: true }) =>
      run(flags.json === true, (context) => list(context, flags.dropped === true)),
    );
}

async function list({ out, settings, signal }: Context, dropped: boolean): Promise<ExitCode> {
  const { urls } = settings();
  const { answers, unreachable } = await ofSidesThatAnswer((side) =>
    groupsOn(side, urls, { dropped, signal }),
  );
  const groups = answers.flat();
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const totals = sumOfMoney(groups.map((group) => group.totals));
  out.result({
    count,
    totals,
    groups: groups.map((group) => ({ ...group, ...meaningOf(group.side, group.reason) })),
    ...(unreachable && { error: unreachable.happened }),
  });
  showGroups(out, groups);
  const what = `${counted(count, 'message')} (${money(totals)})`;
  if (unreachable) {
    out.say(`${what} on the side that answers; of the other nothing is known now.`);
    throw unreachable;
  }
  if (dropped) out.say(count === 0 ? 'Nothing was ever dropped.' : `${what} were given up, on purpose.`);
  else if (count === 0) out.say(out.colours.green('✓ Nothing is stuck: no dead letters, nothing parked.'));
  else out.say(`${what} in all: kept whole, not lost; nobody else waits for them.`);
  const [first] = groups;
  if (first === undefined || dropped) out.next('npx paid-once status');
  else out.next(`npx paid-once dead show ${quoted(first.reason)}`, 'npx paid-once dead redrive --help');
  return exitCodes.done;
}

function addShow(group: Command, run: Run): void {
  addVerb(group, {
    name: 'show',
    does: 'every stuck message of a reason or payment, with all that is known of it',
    examples: [
      ['dead show conflict', 'all with this reason, dropped ones too'],
      ['dead show 019a8f5e-6b1c-7cc3-9a55-0a4f6e1b2d3c', 'all of this payment'],
    ],
  })
    .argument('<which>', whichArgument)
    .option('--limit <n>', 'at most so many of each side', (text) => whole(text, 1, 200), 50)
    .action((text: string, flags: { json?: true; limit: number }) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const which = whichOf(text, {});
        const { urls } = settings();
        const { answers, unreachable } = await ofSidesThatAnswer((side) =>
          messagesOn(side, urls, which, { limit: flags.limit, signal }),
        );
        const { messages, more } = together(answers);
        out.result({ messages, more, ...(unreachable && { error: unreachable.happened }) });
        showMessages(out, messages);
        if (messages.length === 0 && unreachable) out.say('Nothing on the side that answers.');
        else if (messages.length === 0) out.say(`Nothing is stuck${whichText(which)}.`);
        else {
          out.say();
          for (const line of meaningLines(messages)) out.say(line);
        }
        if (more) out.say(`There are more than ${flags.limit} on a side: --limit shows up to 200.`);
        if (unreachable) throw unreachable;
        out.next(
          ...(messages.length === 0
            ? ['npx paid-once dead list']
            : [`npx paid-once dead redrive ${quoted(text)} --why TEXT`, 'npx paid-once dead drop --help']),
        );
        return exitCodes.done;
      }),
    );
}

function meaningLines(messages: readonly { side: 'outbox' | 'ledger'; reason: string }[]): string[] {
  const meanings = messages.map(({ side, reason }) => ({ reason, ...meaningOf(side, reason) }));
  const lines = meanings.map(({ reason, means, helps }) => `${reason}: ${means}.\n    what helps: ${helps}`);
  return [...new Set(lines)];
}

interface DropFlags {
  json?: true;
  all?: true;
  by?: string;
  why: string;
  count: number;
}

function addDrop(group: Command, run: Run): void {
  const verb = addVerb(group, {
    name: 'drop',
    does: 'give stuck messages up: they are kept, with who and why, and not tried again by themselves',
    examples: [
      ['dead drop other-run --count 12 --why "sent before the reset"', 'the count must be right'],
      [
        'dead drop 019a8f5e-6b1c-7cc3-9a55-0a4f6e1b2d3c --count 1 --why "paid by hand, ticket 4711"',
        'one payment',
      ],
    ],
  });
  addRequester(verb)
    .argument('[which]', whichArgument)
    .option('--all', 'everything that is stuck, on both sides')
    .requiredOption('--count <n>', 'how many there are: with another number nothing is dropped', (text) =>
      whole(text, 1, 1_000_000_000),
    )
    .addHelpText('after', '\nWhat was dropped is missing at the ledger for good: compare goes on to name it.')
    .action((text: string | undefined, flags: DropFlags) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const which = whichOf(text, flags);
        const who = requesterOf(flags);
        const dropped = await dropDead(settings().urls, which, flags.count, who, signal);
        out.result({ dropped, ...who });
        out.say(`Dropped ${counted(flags.count, 'message')}${whichText(which)}, by ${who.by}: ${who.why}`);
        out.say('They are kept, and listed by dead list --dropped; the ledger stays without them.');
        out.next('npx paid-once dead list --dropped');
        return exitCodes.done;
      }),
    );
}

function whole(text: string, from: number, to: number): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value < from || value > to)
    throw new InvalidArgumentError(`It is a whole number from ${from} to ${to}.`);
  return value;
}
