import { connectLinks } from '@paid-once/links';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { addVerb, type Run } from '../verb.js';
import { linkLines } from './links.js';

/** What a cut link means for the money. */
const meanings: Record<string, string> = {
  payment: 'Clients cannot reach payments: they retry with their keys, so nobody pays twice.',
  'payments-postgres': 'Payments answers 503 until it is healed: nothing is accepted, nothing is lost.',
  'payments-rabbitmq': 'Only the naive chapter’s double write uses this link.',
  'relay-postgres': 'Payments are still accepted; the outbox keeps them until the relay can read again.',
  'relay-rabbitmq': 'Payments are still accepted; they wait safely in the outbox.',
  'ledger-rabbitmq': 'Payments are still accepted and published; they wait in RabbitMQ.',
  'ledger-postgres': 'Payments are still accepted and published; RabbitMQ keeps what the ledger cannot post.',
  rabbitmq: 'Payments are still accepted; they wait safely in the outbox.',
};

export function addBreak(program: Command, run: Run): void {
  addVerb(program, {
    name: 'break',
    does: 'cut a link, or a group of links',
    examples: [
      ['break relay-rabbitmq', 'the outbox fills, every payment is still accepted'],
      ['break rabbitmq', 'all links to the broker at once'],
      ['break payment', 'between the clients and payments'],
    ],
  })
    .argument('<link>', 'a link’s name (npx paid-once links) or the group rabbitmq')
    .action((link: string, flags: { json?: true }) =>
      run(flags.json === true, async ({ out, settings }) => {
        const links = await connectLinks(settings().urls.toxiproxy).break(link);
        out.result({ links });
        for (const line of linkLines(out, links)) out.say(line);
        if (meanings[link]) out.say(meanings[link]);
        out.next('npx paid-once pay payments.csv', `npx paid-once heal ${link}`);
        return exitCodes.done;
      }),
    );
}
