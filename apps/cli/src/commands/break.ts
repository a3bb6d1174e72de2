import { connectLinks, type Fault, type LinkControl } from '@paid-once/links';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { addFaultOptions, faultsFrom, senseless, type FaultFlags } from '../faults/fault-options.js';
import { holdOpen } from '../faults/hold-open.js';
import { meaningsOf } from '../faults/meanings.js';
import { duration } from '../faults/quantities.js';
import { presetLines, targetCalled, type Target } from '../faults/target.js';
import { addVerb, type Run } from '../verb.js';
import { linkLines, shownLinks } from './links.js';

interface BreakFlags extends FaultFlags {
  json?: true;
  for?: number;
}

const forBounds = { minMs: 100, maxMs: 3_600_000 };

export function addBreak(program: Command, run: Run): void {
  const verb = addVerb(program, {
    name: 'break',
    does: 'break a link, or a group of links: cut it, slow it down, lose what passes',
    examples: [
      ['break relay-rabbitmq', 'cut: the outbox fills, every payment is still accepted'],
      ['break payment --reset 30%', 'clients cannot tell whether they have paid'],
      ['break payments-postgres --lose-answers --for 20s', 'COMMITs without an answer; heals itself'],
      ['break ledger-rabbitmq --slow 800ms --lose-requests', 'two faults at once'],
      ['break both-ways-30%', 'a preset, by its name'],
      ['break rabbitmq', 'all links to the broker at once'],
    ],
  });
  addFaultOptions(verb)
    .argument('<link>', 'a link’s name (npx paid-once links), the group rabbitmq, or a preset')
    .option('--for <time>', 'wait so long, then heal the link of everything; Ctrl-C: at once', (text) =>
      duration(text, forBounds),
    )
    .addHelpText('before', `Presets:\n${presetLines}\n`)
    .action((name: string, flags: BreakFlags) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const target = targetCalled(name);
        const faults = faultsOf(target, flags);
        const control = connectLinks(settings().urls.toxiproxy);
        const { linkOrGroup } = target;
        const links = await control.breakWith(linkOrGroup, ...faults);
        const meanings = meaningsOf(
          linkOrGroup,
          faults.map(({ kind }) => kind),
        );
        for (const line of [...linkLines(out, links), ...meanings]) out.say(line);
        if (flags.for === undefined) {
          out.result({ links: shownLinks(links), meanings });
          out.next('npx paid-once pay payments.csv', `npx paid-once heal ${linkOrGroup}`);
          return exitCodes.done;
        }
        const healed = await holdOpen({
          out,
          signal,
          ms: flags.for,
          linkOrGroup,
          heal: healer(control, linkOrGroup),
        });
        for (const line of linkLines(out, healed.links)) out.say(line);
        out.result({ links: shownLinks(healed.links), meanings, brokenSeconds: healed.brokenSeconds });
        signal.throwIfAborted();
        out.next('npx paid-once compare --wait');
        return exitCodes.done;
      }),
    );
}

const healer = (control: LinkControl, linkOrGroup: string) => () => control.heal(linkOrGroup);

/** @throws CliFailure a preset is its own fault; or the faults make no sense together */
function faultsOf({ preset }: Target, flags: FaultFlags): readonly [Fault, ...Fault[]] {
  const { cut, slow, reset, loseAnswers, loseRequests, drip, halfOpen } = flags;
  const given = [cut, slow, reset, loseAnswers, loseRequests, drip, halfOpen].some(
    (flag) => flag !== undefined,
  );
  if (preset === undefined) return faultsFrom(flags);
  if (given) throw senseless('A preset says itself what breaks: give no fault with it, or name its link.');
  return [preset.fault];
}
