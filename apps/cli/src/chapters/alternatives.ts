import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { checkout } from '../checkout.js';
import { withInherited } from '../stack/stack-environment.js';
import type { Context } from '../verb.js';

/** They pay EUR 1 each, and say how many euros that makes. */
const amount = z.object({
  count: z.number(),
  euros: z.string(),
});
const speed = { p50Ms: z.number(), p95Ms: z.number(), perSecond: z.number() };

/** Left out or broken off, and why. */
const skipped = z.strictObject({ skipped: z.string() });
export type Skipped = z.infer<typeof skipped>;

const redisRecipe = z.looseObject({
  ...speed,
  situations: z.array(
    z.looseObject({
      name: z.string(),
      tried: z.number(),
      lost: amount,
      twice: amount,
      stuckSeconds: z.number(),
      says: z.string(),
    }),
  ),
  cost: z.looseObject({ statements: z.number(), roundTrips: z.number() }),
});
export type RedisRecipe = z.infer<typeof redisRecipe>;

const twoPhaseCommit = z.looseObject({
  ...speed,
  withoutP50Ms: z.number(),
  withoutPerSecond: z.number(),
  sameAccountPerSecond: z.number(),
  statementsPerPayment: z.number(),
  deadCoordinator: z.looseObject({
    prepared: z.number(),
    locksHeld: z.number(),
    blockedPaymentMs: z.number(),
    survivesRestart: z.boolean(),
  }),
  says: z.string(),
});
export type TwoPhaseCommit = z.infer<typeof twoPhaseCommit>;

export interface Alternatives {
  redisRecipe: RedisRecipe | Skipped;
  twoPhaseCommit: TwoPhaseCommit | Skipped;
}

export function wasSkipped(outcome: object): outcome is Skipped {
  return 'skipped' in outcome;
}

/**
 * Two other ways to the same end, each measured by a program with servers of its own.
 * @param options.atOnce side by side: sooner over, and their speeds mean less
 */
export async function measureAlternatives(
  context: Pick<Context, 'out' | 'settings' | 'signal'>,
  { rows, atOnce }: { rows: number; atOnce: boolean },
): Promise<Alternatives> {
  context.out.tell(context.out.colours.bold('\nTwo alternatives, on servers of their own'));
  const redis = measure('redis-recipe', redisRecipe, context, rows);
  if (!atOnce) await redis;
  const twoPhases = measure('two-phase-commit', twoPhaseCommit, context, rows);
  const [redisOutcome, twoPhasesOutcome] = await Promise.all([redis, twoPhases]);
  return { redisRecipe: redisOutcome, twoPhaseCommit: twoPhasesOutcome };
}

async function measure<Result extends object>(
  name: string,
  schema: z.ZodType<Result>,
  { out, settings, signal }: Pick<Context, 'out' | 'settings' | 'signal'>,
  rows: number,
): Promise<Result | Skipped> {
  const program = spawn(process.execPath, [join(checkout, 'dist/apps/alternatives/src', name, 'main.js')], {
    env: withInherited({
      PAID_ONCE_ROWS: String(rows),
      PAID_ONCE_INSTALL: settings().install,
      PAID_ONCE_LIFELINE: 'stdin', // it ends when this process does, however that ends
    }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches this process alone, which says when the other one stops
  });
  let last = '';
  const told: string[] = [];
  createInterface(program.stdout).on('line', (line) => (last = line));
  createInterface(program.stderr).on('line', (line) => {
    told.push(line);
    out.tell(out.colours.dim(`  ${name}: ${line}`));
  });
  const stop = () => void program.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const [code] = (await once(program, 'close')) as [number | null];
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code !== 0 && code !== exitSkipped)
    return { skipped: `it broke off (exit ${code}): ${told.at(-1) ?? 'it said nothing'}` };
  if (code === 0) return schema.parse(JSON.parse(last));
  const result = skipped.parse(JSON.parse(last));
  out.tell(`  ${name}: skipped: ${result.skipped}`);
  return result;
}

/** A part that it needs cannot be had here; the JSON says why. */
const exitSkipped = 4;
