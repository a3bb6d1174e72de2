import type { Output } from '../output/output.js';
import { progressOf } from '../output/progress.js';
import { counted } from '../output/words.js';
import type { Stack } from '../stack/start-stack.js';
import { chapters } from './chapter.js';
import type { ChapterFile } from './chapter-file.js';
import type { ChapterResult } from './chapter-result.js';
import { CostMeter } from './cost-meter.js';
import { runChapter } from './run-chapter.js';

export interface ChaptersOptions {
  stack: Stack;
  file: ChapterFile;
  seed: number;
  out: Output;
  signal: AbortSignal;
}

/** All four chapters, one after the other, each from empty ledgers and with the same dice. */
export async function runChapters({ stack, out, ...options }: ChaptersOptions): Promise<ChapterResult[]> {
  if (stack.servers === undefined) throw new Error('Bug: the chapters need servers of their own');
  const meter = await CostMeter.connect(stack.servers);
  const results: ChapterResult[] = [];
  try {
    for (const chapter of chapters) {
      out.tell(
        out.colours.bold(`\nChapter ${chapter.chapter}, ${chapter.name}: the client ${chapter.client}`),
      );
      const progress = progressOf(out, 'rows');
      const startedAt = performance.now();
      const result = await runChapter(chapter, {
        ...options,
        stack,
        brokerAdmin: stack.servers.broker.adminUrl,
        meter,
        onProgress: ({ done, total, attempts }, state) =>
          progress.update(done, total, [counted(attempts, 'attempt'), state].filter(Boolean).join(' · ')),
      }).finally(() => progress.end());
      results.push(result);
      out.tell(`  ${inWords(result)} · ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    }
  } finally {
    await meter.close();
  }
  return results;
}

function inWords({ clientHop, ledgerHop }: ChapterResult): string {
  const lost = clientHop.lost.count + ledgerHop.lost.count;
  const twice = clientHop.twice.count + ledgerHop.twice.count;
  return `${counted(lost, 'payment')} lost, ${counted(twice, 'payment')} made again`;
}
