import { isUuidV7 } from '@paid-once/contracts';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { lifeOf, lifeSteps } from '../show/life.js';
import { showLife } from '../show/life-view.js';
import { whatIsKnown } from '../show/what-is-known.js';
import { addVerb, type Run } from '../verb.js';

export function addShow(program: Command, run: Run): void {
  addVerb(program, {
    name: 'show',
    does: 'one payment’s life, from POST to transfer: every station, and where it is now',
    examples: [
      ['show 019a8f5e-6b1c-7cc3-9a55-0a4f6e1b2d3c', 'the id is in the answer of POST /payments'],
      ['show 019a8f5e-6b1c-7cc3-9a55-0a4f6e1b2d3c --json', 'for scripts'],
    ],
  })
    .argument('<payment>', 'the id of a payment')
    .addHelpText(
      'after',
      `
--json: {"payment": as GET /payments/ID says it, or null,
         "events": [{"type", "messageIds", "shard", "parkedAttempts",
                     "steps": [{"at", "afterMs", "what", "detail", "messageId", and of what a person did "by", "why"}],
                     "now": {"where", "says", "movesOn", "command"}}]}
what: ${lifeSteps.join(', ')}.`,
    )
    .action((id: string, flags: { json?: true }) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        if (!isUuidV7(id)) throw noId(id);
        const known = await whatIsKnown(id, settings().urls, signal);
        const events = lifeOf(known);
        if (events.length === 0) throw unknown(id);
        out.result({ payment: known.payment ?? null, events });
        showLife(out, id, known.payment, events);
        out.next('npx paid-once compare');
        return exitCodes.done;
      }),
    );
}

function noId(text: string): CliFailure {
  return new CliFailure(
    exitCodes.usage,
    `"${text}" is not the id of a payment.`,
    'Nothing was looked up, nothing was changed.',
    'Take the id from the answer of POST /payments, or from GET /payments.',
  );
}

function unknown(id: string): CliFailure {
  return new CliFailure(
    exitCodes.differ,
    `Neither payments nor the ledger knows a payment ${id}.`,
    'It was never accepted, so nothing of it is on its way: whoever wants it paid repeats it with its key.',
    'npx paid-once status',
  );
}
