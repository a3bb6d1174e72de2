import { faultsOn } from '@paid-once/links';
import type { Command } from 'commander';
import { currentChapter } from '../chapters.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { Output } from '../output/output.js';
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
  const { urls } = settings();
  const [chapter, parts] = await Promise.all([
    // Nothing outside lab mode; that payments does not answer is told once, by what follows.
    currentChapter(urls.payments, signal).catch(() => undefined),
    askParts(urls, signal),
  ]);
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

function showAttention(out: Output, attention: readonly Attention[]): void {
  if (attention.length === 0) return;
  const { red, yellow, dim } = out.colours;
  out.say();
  for (const { byItself, says, command } of attention)
    out.say(`${byItself ? yellow('▲') : red('✗')} ${says}${command ? dim(`  → ${command}`) : ''}`);
}

function nextOf({ links, payments }: Parts, attention: readonly Attention[]): string {
  if (links.value?.some((link) => faultsOn(link).length > 0)) return 'npx paid-once heal';
  if (attention.some(({ byItself }) => !byItself)) return 'npx paid-once dead list';
  return payments.value?.count === 0 ? 'npx paid-once pay payments.csv' : 'npx paid-once compare';
}
