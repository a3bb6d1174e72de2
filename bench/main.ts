// `npm run bench`: how fast each stage is, beside its limit, the usual ways to do it, and other people's systems.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import Table from 'cli-table3';
import { goalText, verdict } from './goals.js';
import { inCheckout } from './rig/program.js';
import { installPeers } from './rig/install-peers.js';
import { say } from './rig/say.js';
import { BenchSystem } from './rig/system.js';
import { stages, type Findings } from './stages.js';

interface Options {
  only?: string[];
  quick: boolean;
  json: boolean;
}

const names = Object.keys(stages);

await new Command('bench')
  .description('Measures each stage beside its limit, the usual ways to do it, and other people’s systems.')
  .option('--only <stages>', `some of: ${names.join(', ')}`, readStages)
  .option('--quick', 'one short round of each: shows that all of it runs; its figures say little', false)
  .option('--json', 'print the figures as one object, on the last line', false)
  .addHelpText(
    'after',
    `
Everything runs on this machine, on servers of its own: two Postgres and a RabbitMQ, durable as in production. Variants run
in turn, and a ratio is the median of the ratios inside a round. Leave the machine alone meanwhile. It takes long: growth
fills tables with millions of rows, below /var/tmp. What was measured is written to bench/results.

Examples:
  npm run bench                          everything
  npm run bench -- --only api,relay      two stages
  npm run -s bench -- --quick --json     does it run? The last line is one object

Exit codes: 0 measured, 1 a stage failed, 2 wrong usage.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync();

function readStages(text: string): string[] {
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no stage ${unknown}.`);
  return wanted;
}

async function run({ only = names, quick, json }: Options): Promise<void> {
  if (only.some((name) => ['api', 'ledger', 'e2e', 'peers'].includes(name))) await installPeers();
  const found: Record<string, Findings> = {};
  const file = `${resultsFolder()}/${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.json`;
  const system = await BenchSystem.start();
  try {
    for (const name of names.filter((stage) => only.includes(stage))) {
      const began = performance.now();
      const findings = await stages[name]?.(system, quick);
      if (!findings) continue;
      found[name] = findings;
      say(`${name}: measured in ${Math.round((performance.now() - began) / 1_000)} s`);
      if (findings.drawing) writeFileSync(`${resultsFolder()}/${name}.svg`, findings.drawing);
      // After each: a stage that fails after an hour must not take the others along.
      const results = { quick, machine: machine(), figures: figuresIn(found), measured: measuredIn(found) };
      writeFileSync(file, `${JSON.stringify({ ...results, peers: found['peers']?.peers }, undefined, 2)}\n`);
    }
  } finally {
    await system.stop();
  }
  say(`all that was measured: ${file}`);
  const [figures, peers] = [figuresIn(found), found['peers']?.peers];
  if (!json) console.log(tableOf(figures, peers));
  else console.log(JSON.stringify({ ...figures, ...(peers && { peers }) }));
}

/** Of one stage of the system, different stages of the bench may tell. */
function figuresIn(found: Record<string, Findings>): Record<string, Record<string, number>> {
  const figures: Record<string, Record<string, number>> = {};
  for (const findings of Object.values(found))
    for (const [stage, values] of Object.entries(findings.figures))
      figures[stage] = { ...figures[stage], ...values };
  return figures;
}

function measuredIn(found: Record<string, Findings>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(found).map(([name, { measured }]) => [name, measured]));
}

function resultsFolder(): string {
  const folder = inCheckout('bench/results');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function tableOf(figures: Record<string, Record<string, number>>, peers: Findings['peers']): string {
  const table = new Table({ head: ['figure', 'measured', 'goal', ''], style: { head: [], border: [] } });
  for (const [stage, values] of Object.entries(figures))
    for (const [figure, value] of Object.entries(values)) {
      const name = `${stage}.${figure}`;
      table.push([name, value, goalText(name), verdict(name, value) ?? '']);
    }
  for (const { name, perSecond, ratio } of peers ?? [])
    table.push([`relay beside ${name}`, `${ratio} ×`, '', `${perSecond.toLocaleString('en')}/s`]);
  return table.toString();
}

function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
}
