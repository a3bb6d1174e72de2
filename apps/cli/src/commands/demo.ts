import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import { join } from 'node:path';
import { checkout } from '../checkout.js';
import { inThrowAwayCopy } from '../stack/throw-away-copy.js';
import { addVerb, type Context, type Run } from '../verb.js';

interface DemoFlags {
  json?: true;
  running?: true;
  file?: string;
}

export function addDemo(program: Command, run: Run): void {
  addVerb(program, {
    name: 'demo',
    does: 'pay, cut a link, pay on, heal, compare: in a throw-away copy, under a minute',
    examples: [
      ['demo', 'as npm run demo; starts its own copy on free ports, leaves nothing behind'],
      ['demo --running', 'against the system that runs already'],
      ['demo --json', 'for scripts: one object with every figure'],
    ],
  })
    .option('--running', 'against the running system, instead of a copy')
    .option('--file <csv>', 'what to pay; default: payments.csv of this checkout')
    .action((flags: DemoFlags) => run(flags.json === true, (context) => demo(context, flags)));
}

async function demo(context: Context, flags: DemoFlags): Promise<ExitCode> {
  const { out, settings, signal } = context;
  out.note(`paid-once demo · Node ${process.version}`);
  const { runDemo } = await import('../demo/run-demo.js');
  const file = flags.file ?? join(checkout, 'payments.csv');
  if (flags.running) return runDemo({ out, signal, file, urls: settings().urls, startSeconds: 0 });

  out.tell('A throw-away copy: two Postgres, RabbitMQ, the links and three services, on free ports.');
  out.tell('Lab mode is on in it, as in every demo. Starting …');
  const startedAt = performance.now();
  return inThrowAwayCopy(context, {}, ({ urls }) =>
    runDemo({ out, signal, file, urls, startSeconds: (performance.now() - startedAt) / 1_000 }),
  );
}
