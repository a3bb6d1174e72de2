import { faultPoints, isFaultPoint, type FaultPoint } from '@paid-once/service/basics';
import type { Command } from 'commander';
import { z } from 'zod';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';
import { call, type ServiceName } from '../services.js';
import { addVerb, type Run } from '../verb.js';

const numbered = faultPoints.map((point, index) => `  ${String(index + 1).padStart(2)}  ${point}`).join('\n');

export function addCrash(program: Command, run: Run): void {
  addVerb(program, {
    name: 'crash',
    does: 'kill a service the next time it reaches a point (lab mode)',
    examples: [
      ['crash relay.after-publish', 'after a publish, before its confirm: published again after the restart'],
      ['crash 7', 'by its number in the picture'],
    ],
  })
    .argument('<point>', 'a crash point’s name or number')
    .addHelpText('before', `Crash points, in the order of a payment's life:\n${numbered}\n`)
    .action((text: string, flags: { json?: true }) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const point = faultPointCalled(text);
        const service = point.split('.')[0] as ServiceName;
        const request = { method: 'POST', path: '/lab/crash', body: { point }, signal } as const;
        const { armed } = await call(
          service,
          settings().urls[service],
          request,
          z.object({ armed: z.string() }),
        );
        out.result({ armed, service });
        out.say(`Armed: ${service} dies as by kill -9 the next time it reaches ${armed}.`);
        out.say('What it had in hand is done again by whoever takes over: once in effect.');
        out.next('npx paid-once pay payments.csv', 'npx paid-once compare --wait');
        return exitCodes.done;
      }),
    );
}

/** @throws CliFailure there is no such point */
export function faultPointCalled(text: string): FaultPoint {
  const name = /^\d+$/.test(text) ? (faultPoints[Number(text) - 1] ?? text) : text;
  if (isFaultPoint(name)) return name;
  throw new CliFailure(
    exitCodes.usage,
    `There is no crash point "${text}". There are:\n${numbered}`,
    'Nothing was armed.',
    'npx paid-once crash --help',
  );
}
