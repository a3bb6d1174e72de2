import { connectLinks, faultsOn, linkNames, type LinkState } from '@paid-once/links';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { conditionOf } from '../faults/words.js';
import type { Output } from '../output/output.js';
import { addVerb, type Run } from '../verb.js';

export function addLinks(program: Command, run: Run): void {
  addVerb(program, {
    name: 'links',
    does: 'show every link between the parts, and what is wrong with it',
    examples: [
      ['links', 'which are up; what is broken, by what, since when'],
      ['links --json', 'for scripts'],
    ],
  }).action((flags: { json?: true }) =>
    run(flags.json === true, async ({ out, settings }) => {
      const links = await connectLinks(settings().urls.toxiproxy).list();
      out.result({ links: shownLinks(links) });
      for (const line of linkLines(out, links)) out.say(line);
      const broken = links.some((link) => faultsOn(link).length > 0);
      out.next(broken ? 'npx paid-once heal' : 'npx paid-once break relay-rabbitmq');
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
  const shown = sorted.map((link) => ({ ...link, condition: conditionOf(link) }));
  const widthOf = (column: 'name' | 'condition') => Math.max(0, ...shown.map((link) => link[column].length));
  const [nameWidth, conditionWidth] = [widthOf('name'), widthOf('condition')];
  return shown.map(
    ({ name, condition, listen, upstream, ...state }) =>
      `${mark(out, state)} ${name.padEnd(nameWidth)}  ${condition.padEnd(conditionWidth)}  ${listen} → ${upstream}`,
  );
}

/** For --json: Toxiproxy's own view, and what it means. */
export function shownLinks(links: readonly LinkState[]): object[] {
  return links.map((link) => ({ ...link, faults: faultsOn(link) }));
}

function mark({ colours }: Output, link: Pick<LinkState, 'enabled' | 'toxics'>): string {
  if (!link.enabled) return colours.red('╳');
  return faultsOn(link).length === 0 ? colours.green('●') : colours.yellow('◐');
}
