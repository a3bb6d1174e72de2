import { connectLinks } from '@paid-once/links';
import type { Command } from 'commander';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';
import { addVerb, type Run } from '../verb.js';
import { targetCalled } from '../faults/target.js';
import { linkLines, shownLinks } from './links.js';

export function addHeal(program: Command, run: Run): void {
  addVerb(program, {
    name: 'heal',
    does: 'open a link again and take its faults away; without a name: all of them',
    examples: [
      ['heal', 'everything'],
      ['heal relay-rabbitmq', 'one link; the outbox drains'],
      ['heal confirm-lost', 'the link that a preset has broken'],
    ],
  })
    .argument('[link]', 'a link’s name, the group rabbitmq, or a preset')
    .option('--all', 'every link, as without a name')
    .action((link: string | undefined, flags: { json?: true; all?: true }) =>
      run(flags.json === true, async ({ out, settings }) => {
        if (link !== undefined && flags.all)
          throw new CliFailure(
            exitCodes.usage,
            'Give a link or --all, not both.',
            'Nothing was changed.',
            'npx paid-once heal --help',
          );
        const control = connectLinks(settings().urls.toxiproxy);
        const links =
          link === undefined ? await control.healAll() : await control.heal(targetCalled(link).linkOrGroup);
        out.result({ links: shownLinks(links) });
        for (const line of linkLines(out, links)) out.say(line);
        out.say('What has waited is now delivered, in order.');
        out.next('npx paid-once compare --wait');
        return exitCodes.done;
      }),
    );
}
