import { connectLinks, linkNames, type LinkState } from '@paid-once/links';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import type { Output } from '../output/output.js';
import { addVerb, type Run } from '../verb.js';

export function addLinks(program: Command, run: Run): void {
  addVerb(program, {
    name: 'links',
    does: 'show every link between the parts, and what is wrong with it',
    examples: [
      ['links', 'which are up, which are cut'],
      ['links --json', 'for scripts'],
    ],
  }).action((flags: { json?: true }) =>
    run(flags.json === true, async ({ out, settings }) => {
      const links = await connectLinks(settings().urls.toxiproxy).list();
      out.result({ links });
      for (const line of linkLines(out, links)) out.say(line);
      const cut = links.find(({ enabled, toxics }) => !enabled || toxics.length > 0);
      out.next(cut === undefined ? 'npx paid-once break relay-rabbitmq' : 'npx paid-once heal');
      return exitCodes.done;
    }),
  );
}

/** One line a link, in the order in which money passes them; strangers last. */
export function linkLines(out: Output, links: readonly LinkState[]): string[] {
  const rank = (name: string) => {
    const known = (linkNames as readonly string[]).indexOf(name);
    return known < 0 ? linkNames.length : known;
  };
  const sorted = links.toSorted((a, b) => rank(a.name) - rank(b.name));
  const width = Math.max(0, ...links.map(({ name }) => name.length));
  return sorted.map(
    (link) =>
      `${mark(out, link)} ${link.name.padEnd(width)}  ${conditionOf(link).padEnd(8)}  ${link.listen} → ${link.upstream}`,
  );
}

/** "up", "cut", or the toxics that are on it. */
export function conditionOf({ enabled, toxics }: LinkState): string {
  if (!enabled) return 'cut';
  return toxics.length === 0 ? 'up' : toxics.map(({ type, stream }) => `${type} ${stream}`).join(', ');
}

function mark({ colours }: Output, { enabled, toxics }: LinkState): string {
  if (!enabled) return colours.red('╳');
  return toxics.length === 0 ? colours.green('●') : colours.yellow('◐');
}
