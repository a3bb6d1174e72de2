import type { PayResult } from '@paid-once/payer';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { Output } from './output.js';
import { count, counted } from './words.js';

/** What was asked, as far as it is told or repeated. */
export interface PayCommand {
  file: string;
  url: string;
  /** The option, as it was typed. */
  givenUrl: string | undefined;
  keys: boolean;
  journal: boolean;
  retry: boolean;
}

/** Tells what became of the rows. @returns done only if every row is paid */
export function reportPaid(out: Output, result: PayResult, command: PayCommand): ExitCode {
  const { summary, run, problems, interrupted } = result;
  const { rows, accepted, replayed, refused, failed, seconds } = summary;
  const paid = accepted + replayed;
  const unsent = rows - paid - refused - failed;
  const { colours } = out;
  out.result(summary);
  const mark = paid === rows ? colours.green('✓') : colours.red('✗');
  out.say(`${mark} ${count(paid)} of ${counted(rows, 'row')} paid in ${seconds.toFixed(1)} s`);
  out.say(`  ${countsOf(result)}`);
  out.say(`  p50 ${ms(summary.p50Ms)} · p95 ${ms(summary.p95Ms)} · p99 ${ms(summary.p99Ms)}`);
  for (const { outcome, line, detail: why } of problems) out.say(`  line ${line} ${outcome}: ${why}`);
  if (refused > 0) out.say(`${counted(refused, 'row was', 'rows were')} refused: nothing was paid for them.`);
  if (failed > 0)
    out.say(
      `${counted(failed, 'row has', 'rows have')} no answer from ${command.url}: paid or not, nobody can tell yet.`,
    );
  if (unsent > 0) out.say(`${counted(unsent, 'row was', 'rows were')} not sent: nothing was paid for them.`);
  if (failed > 0 || interrupted) {
    if (command.keys) {
      out.say('To go on is safe: the keys stay the same, and what was paid is not paid again.');
      out.next(goOn(result, command));
    } else out.say('Nothing can go on with a run without keys: to repeat it pays everybody again.');
    return exitCodes.unreachable;
  }
  if (command.keys) out.say(`  run ${run}: repeat it with --run, and nobody is paid twice`);
  out.next('npx paid-once compare --wait');
  return refused > 0 ? exitCodes.differ : exitCodes.done;
}

function countsOf({ summary, continued }: PayResult): string {
  const { attempts, accepted, replayed, refused, resets, timeouts } = summary;
  const earlier = continued ? `, with the ${counted(continued.done, 'row')} done before` : '';
  return `${counted(attempts, 'attempt')}: ${counted(resets, 'reset')}, ${counted(timeouts, 'time-out')} · rows${earlier}: ${count(accepted)} × 201, ${count(replayed)} × 208, ${count(refused)} refused`;
}

/** The command that goes on. The run's name is right with and without a journal. */
function goOn({ run }: PayResult, { file, givenUrl, journal, retry }: PayCommand): string {
  return [
    `npx paid-once pay ${quoted(file)} --run ${run}`,
    ...(givenUrl === undefined ? [] : [`--url ${quoted(givenUrl)}`]),
    ...(retry ? [] : ['--no-retry']),
    ...(journal ? [] : ['--no-journal']),
  ].join(' ');
}

/** As a shell reads it back. */
function quoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const ms = (value: number): string => `${Math.round(value)} ms`;
