import { faultsOn } from '@paid-once/links';
import type { Command } from 'commander';
import { currentChapter } from '../chapters.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { Output } from '../output/output.js';
import { tellIfSlow } from '../output/progress.js';
import { attentionIn, type Attention } from '../status/attention.js';
import { askParts, type Parts } from '../status/parts.js';
import { showStations } from '../status/stations.js';
import { addVerb, type Context, type Run } from '../verb.js';

export function addStatus(program: Command, run: Run): void {
  addVerb(program, {
    name: 'status',
    does: 'where the money is now, and what is not as it should be, with its age',
    examples: [
      ['status', 'the stations, one under the other; below them what is stuck, and since when'],
      ['status --json', 'all of it, for scripts; exit 3 if a part does not answer'],
    ],
  }).action((flags: { json?: true }) => run(flags.json === true, status));
}

async function status({ out, settings, signal }: Context): Promise<ExitCode> {
  const { urls, linksGiven } = settings();
  const [chapter, asked] = await tellIfSlow(
    out,
    'both services to add up what they have: of millions of payments that takes half a minute',
    Promise.all([
      // Nothing outside lab mode; that payments does not answer is told once, by what follows.
      currentChapter(urls.payments, signal).catch(() => undefined),
      askParts(urls, signal),
    ]),
  );
  const parts = linksGiven || chapter !== undefined ? asked : { ...asked, links: linksIfAny(asked.links) };
  const attention = attentionIn(parts);
  out.result(
    Object.fromEntries([
      ...(chapter === undefined ? [] : [['chapter', chapter]]),
      ...Object.entries(parts).map(([name, part]) => [name, part.value ?? { error: part.reason }]),
      ['attention', attention],
    ]),
  );

  if (chapter !== undefined) out.say(`lab mode, chapter ${chapter.chapter}: ${chapter.name}`);
  showStations(out, parts);
  showAttention(out, attention);
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
  out.next(nextOf(parts, attention));
  return exitCodes.done;
}

/** Outside lab mode there may be none. */
function linksIfAny(links: Parts['links']): Parts['links'] {
  return links.value === undefined ? { value: [] } : links;
}

function showAttention(out: Output, attention: readonly Attention[]): void {
  if (attention.length === 0) return;
  const { red, yellow, dim } = out.colours;
  out.say();
  for (const { byItself, says, command } of attention)
    out.say(`${byItself ? yellow('▲') : red('✗')} ${says}${command ? dim(`  → ${command}`) : ''}`);
}

function nextOf({ links, payments }: Parts, attention: readonly Attention[]): string {
  if (links.value?.some((link) => faultsOn(link).length > 0)) return 'npx paid-once heal';
  const helps = attention.find(({ byItself, command }) => !byItself && command !== undefined);
  if (helps?.command !== undefined) return helps.command;
  return payments.value?.count === 0 ? 'npx paid-once pay payments.csv' : 'npx paid-once compare';
}
