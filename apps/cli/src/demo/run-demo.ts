import type { Comparison } from '@paid-once/compare';
import { connectLinks } from '@paid-once/links';
import { payFile, type PayResult } from '@paid-once/payer';
import { compareUntilAgreed } from '../compare-until-agreed.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { sideBySide, verdictOf } from '../output/compare-view.js';
import type { Output } from '../output/output.js';
import { progressOf, waitingLine } from '../output/progress.js';
import { age, count, counted } from '../output/words.js';
import type { SystemUrls } from '../settings.js';
import { watchOutbox } from './watch-outbox.js';

export interface DemoOptions {
  out: Output;
  signal: AbortSignal;
  file: string;
  urls: SystemUrls;
  /** What starting the copy took, in seconds; 0 when it ran already. */
  startSeconds: number;
}

const cutLink = 'relay-rabbitmq';
/** Few at a time, so that one sees the outbox grow. */
const concurrency = 8;
const patienceMs = 60_000;

/** Pays, cuts the link between relay and broker after a third, pays on, heals, and waits until both ledgers agree. */
export async function runDemo({ out, signal, file, urls, startSeconds }: DemoOptions): Promise<ExitCode> {
  const links = connectLinks(urls.toxiproxy);
  const { bold } = out.colours;
  const seconds: Record<string, number> = { start: round(startSeconds) };
  const timed = async <Result>(phase: string, work: () => Promise<Result>): Promise<Result> => {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      seconds[phase] = round((performance.now() - startedAt) / 1_000);
    }
  };

  const outbox = watchOutbox(urls.relay, signal);
  let pay: PayResult;
  try {
    out.tell(
      bold(
        `\n1  Pay every row of ${file.split('/').at(-1)}; after a third, cut the link between relay and RabbitMQ.`,
      ),
    );
    pay = await timed('pay', () =>
      payAndCut({ out, signal, file, url: urls.link, outbox, cut: () => links.break(cutLink) }),
    );
    await outbox.look();
    const { summary } = pay;
    out.tell(
      `   ${count(summary.accepted + summary.replayed)} of ${counted(summary.rows, 'payment')} were answered 2xx, ${count(summary.failed)} failed.`,
    );

    out.tell(bold('\n2  The link is still cut: compare both ledgers.'));
    const torn = await timed('compareWhileCut', () => compareUntilAgreed({ ...urls, timeoutMs: 0, signal }));
    for (const line of sideBySide(torn)) out.tell(`  ${line}`);
    out.tell(`   ${verdictOf(torn)}`);
    if (torn.breaks.inOutbox.count > 0)
      out.tell(
        `   ${counted(torn.breaks.inOutbox.count, 'payment')} wait in the outbox, in the payments database: a crash now would lose none.`,
      );
  } finally {
    outbox.stop();
    await links.heal(cutLink); // also when the demo is stopped: a running system stays whole
  }

  out.tell(bold('\n3  The link is healed: wait until both ledgers agree.'));
  const waiting = waitingLine(out);
  const comparison = await timed('agree', () =>
    compareUntilAgreed({
      ...urls,
      timeoutMs: patienceMs,
      signal,
      onWaiting: (what) => waiting.show(what),
    }).finally(() => waiting.end()),
  );
  for (const line of sideBySide(comparison)) out.tell(`  ${line}`);
  out.result({ pay: pay.summary, peakOutbox: outbox.peak, compare: comparison, seconds });
  return conclude(out, comparison, pay, seconds);
}

async function payAndCut(options: {
  out: Output;
  signal: AbortSignal;
  file: string;
  url: string;
  outbox: { pending: number };
  cut: () => Promise<unknown>;
}): Promise<PayResult> {
  const { out, signal, file, url, outbox, cut } = options;
  const progress = progressOf(out, 'payments');
  const { green, red } = out.colours;
  let cutting: Promise<unknown> | undefined;
  let acceptedBefore = 0;
  const result = await payFile({
    file,
    url,
    concurrency,
    signal,
    onProgress({ done, total, accepted }) {
      if (cutting === undefined && done >= total / 3) {
        acceptedBefore = accepted;
        cutting = cut();
        cutting.catch(() => {}); // told below
      }
      const state =
        cutting === undefined ? green('link up') : `${red('link CUT')}, outbox ${count(outbox.pending)}`;
      progress.update(done, total, `${count(accepted)} answered 201 · ${state}`);
    },
  }).finally(() => progress.end());
  await cutting;
  out.tell(
    `   ${count(result.summary.accepted - acceptedBefore)} of them were answered 201 while the link was cut.`,
  );
  return result;
}

function conclude(
  out: Output,
  comparison: Comparison,
  pay: PayResult,
  seconds: Record<string, number>,
): ExitCode {
  const { green, red } = out.colours;
  const verdict = verdictOf(comparison);
  const total = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  out.tell(comparison.agree ? green(`\n✓ ${verdict}`) : red(`\n✗ ${verdict}`));
  out.tell(`  ${age(total)} in all, ${age(seconds['agree'] ?? 0)} of them from healing to agreement.`);
  out.next('npm start', 'npx paid-once --help');
  return comparison.agree && pay.summary.failed === 0 && pay.summary.refused === 0
    ? exitCodes.done
    : exitCodes.differ;
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;
