// `npm run model`: simulates spec/paid-once.qnt, offline. The sound model must keep its invariants with a fixed seed and a
// fresh one, and reach its witnesses; each mutant must break some invariant; and the table in docs/model.md must say what
// this run has found. Exit code 0: all of that; 1: something of it is not so; 2: wrong usage.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadModel, simulate } from './quint.mjs';

const help = `Simulates the model of how a payment gets from one ledger to the other, and its mutants.

  npm run model                                      all of it, in about a minute and a half
  npm run model -- --seed 0x2af81c                   the same, with this seed instead of a fresh one
  npm run model -- --runs 20000                      longer, when something in the design has changed
  npm run model -- --only no_fencing,cursor_by_id    only these instances, not the page
  npm run model -- --show no_fencing                 a counterexample, step by step
  npm run model -- --write                           writes the table of docs/model.md
  npm run model -- --json                            the last line is one JSON object, the rest goes to stderr

Instances: sound, and those at the end of spec/paid-once.qnt. --spec FILE and --page FILE: other files than those.`;

/** What a violation would mean. The definitions stand in the model. */
const invariants = {
  neverTwice: 'a payment is posted twice: money is paid twice',
  noPhantom: 'something is posted that nobody has paid: money from nowhere',
  toldIsPaid: 'a client holds a 2xx for a payment that is not there: a promise is broken',
  noLoss: 'an accepted payment can no longer reach the ledger: money is lost',
  paymentFirst: 'a reversal is posted before its payment: money goes back that never came',
  progressIsHonest: 'progress has passed a message that nobody has: the next step is a lost payment',
  orderOfPayment: 'a reversal may be published before its payment: their order is luck',
  inboxHolds:
    "the inbox has let a message through twice: only the transfer's own key keeps it from being paid twice",
};
const witnesses = {
  quiet: 'all is told, posted once, and nothing is left on the way',
  lateCommitPublished:
    'a transaction commits late, and its row is published with a smaller id than others before it',
  xidUsedTwice: 'after a crash of Postgres a transaction has an id that another one had before',
  keyRepeated: "the answer is lost, and the client's repeat gets it",
  publishedAgain: 'a message is published again: a crash, a lost confirm, another owner',
  oldOwnerFenced: 'an owner that was replaced is refused when it moves progress',
  followerDies: 'a reversal becomes a dead letter because its payment is one',
  deadLetterRedriven: 'what could not be published is, later',
  redeliveryAbsorbed: 'a copy finds itself in the inbox',
  replayAbsorbed: 'so does one that an operator has published again',
  postedByLedgerCutOff: 'a ledger that has lost its channel still commits, and its copies come again',
  earlyReversalPosted: 'a reversal comes first, waits, and is posted with its payment',
  parkedMessagePosted: 'what was parked is posted by a redrive',
  forgottenMessageParked: 'a message is older than the inbox remembers, and is parked',
};

const inCheckout = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const options = optionsOf();
const steps = 70;
const fixedSeed = 0x70616964n; // 'paid'
const runsOfMutant = 1_000;
const begin = '<!-- made by npm run model -- --write, do not edit -->';
const end = '<!-- /made -->';

const complaints = [];
const startedAt = performance.now();
const say = (line) => (options.json ? console.error(line) : console.log(line));

const model = await loadModel(options.spec).catch((error) => {
  console.error(`${options.spec} is not a model: ${error.message}`);
  process.exit(1);
});
const texts = textsOfInstances();
if (options.show) show(options.show);
else check();

function check() {
  const chosen = (name) => options.only.length === 0 || options.only.includes(name);
  const sound = chosen('sound') ? [fixedSeed, options.seed].map(checkSound) : [];
  const mutants = [...texts.keys()].filter((name) => name !== 'sound' && chosen(name)).map(checkMutant);
  if (options.only.length === 0) {
    checkInvariants(mutants);
    checkWitnesses(sound[0]);
    checkPage(mutants, sound[0]);
  }
  const seconds = round((performance.now() - startedAt) / 1_000);
  for (const complaint of complaints) say(`\nFAILED: ${complaint}`);
  say(
    `\n${complaints.length === 0 ? 'The model holds' : 'The model does not hold'}: ${sound.length} sound simulations, ` +
      `${mutants.filter(({ violated }) => violated.length > 0).length} of ${mutants.length} mutants caught, ${seconds} s (CPU: ${cpuSeconds()} s)`,
  );
  if (options.json)
    console.log(
      JSON.stringify({
        ok: complaints.length === 0,
        seconds,
        seed: hex(options.seed),
        sound,
        mutants,
        complaints,
      }),
    );
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

function checkSound(seed) {
  say(`sound, seed ${hex(seed)}: ${options.runs} runs …`);
  const found = simulate(model, instance('sound', seed, options.runs));
  say(`  ${found.runs} runs of ${round(found.steps)} steps, ${perSecond(found)} runs/s`);
  for (const [name, count] of Object.entries(found.witnessed))
    say(`  ${String(count).padStart(6)}  ${name.padEnd(24)} ${witnesses[name]}`);
  if (found.violated.length > 0) complaints.push(violation('sound', found));
  return { seed: hex(seed), ...summary(found), perSecond: perSecond(found), witnessed: found.witnessed };
}

function checkMutant(name) {
  const found = simulate(model, { ...instance(name, fixedSeed, runsOfMutant), witnesses: [] });
  if (found.violated.length === 0)
    complaints.push(`the mutant ${name} survives ${found.runs} runs: no invariant tells. ${texts.get(name)}`);
  const how =
    found.violated.length === 0
      ? 'SURVIVES'
      : `run ${String(found.runs).padStart(4)}, step ${String(found.states.length - 1).padStart(2)}`;
  say(`${name.padEnd(20)} ${how.padEnd(18)} ${round(found.seconds)} s  ${found.violated.join(', ')}`);
  return { name, ...summary(found) };
}

function summary({ runs, seconds, states, violated, seedOfRun }) {
  const counterexample = violated.length > 0 && { steps: states.length - 1, seedOfRun: hex(seedOfRun) };
  return { runs, seconds: round(seconds), violated, ...counterexample };
}

function instance(main, seed, runs) {
  return { main, seed, runs, steps, invariants: Object.keys(invariants), witnesses: Object.keys(witnesses) };
}

function violation(name, { violated, seedOfRun, states }) {
  const [first] = violated;
  const meanings = violated.map((each) => `  ${each}: ${invariants[each]}`);
  const spec = relative(process.cwd(), options.spec);
  return [
    `${name} breaks ${violated.join(', ')} after ${states.length - 1} steps`,
    ...meanings,
    `  step by step:  npm run model -- --show ${name} --seed ${hex(seedOfRun)}`,
    `  state by state: npx quint run ${spec} --main=${name} --backend=typescript --invariant=${first} --max-steps=${steps} \\`,
    `                    --max-samples=1 --seed=${hex(seedOfRun)} --mbt`,
  ].join('\n');
}

/** An invariant that no mutant breaks would say nothing. */
function checkInvariants(mutants) {
  for (const name of Object.keys(invariants))
    if (!mutants.some(({ violated }) => violated.includes(name)))
      complaints.push(`no mutant breaks ${name}: nothing shows that it can fail`);
}

function checkWitnesses({ witnessed, runs }) {
  for (const [name, count] of Object.entries(witnessed))
    if (count === 0)
      complaints.push(
        `${name} was never reached in ${runs} runs, so the invariants hold without it: ${witnesses[name]}`,
      );
}

function checkPage(mutants, sound) {
  const page = existsSync(options.page) ? readFileSync(options.page, 'utf8') : '';
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) return complaints.push(`${options.page} lacks the markers ${begin} and ${end}`);
  const wanted = `${page.slice(0, from)}${begin}\n\n${tables(mutants, sound)}\n\n${page.slice(to)}`;
  if (options.write) writeFileSync(options.page, wanted);
  else if (wanted !== page && options.isStandard)
    complaints.push(
      `${relative(process.cwd(), options.page)} is not what was found: npm run model -- --write`,
    );
}

function tables(mutants, { runs, witnessed }) {
  const caught = mutants.map(({ name, violated, runs: run, steps: step }) => [
    `\`${name}\``,
    texts.get(name),
    violated.join(', '),
    run,
    step,
  ]);
  const reached = Object.entries(witnessed).map(([name, count]) => [`\`${name}\``, witnesses[name], count]);
  return [
    table(['mutant', 'what it does', 'broken by it', 'in run', 'at step'], caught),
    `In ${runs} runs of the sound model no invariant is broken, and these things happen, each in so many of them:`,
    table(['witness', 'what happens', 'runs'], reached),
  ].join('\n\n');
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** One run that breaks an invariant: what each step is, and what it changes. */
function show(name) {
  if (!texts.has(name)) fail(`there is no instance ${name}`);
  const seed = options.isFresh ? fixedSeed : options.seed;
  const found = simulate(model, instance(name, seed, name === 'sound' ? options.runs : runsOfMutant));
  say(`${name}: ${texts.get(name)}`);
  if (found.violated.length === 0)
    return say(`No invariant is broken in ${found.runs} runs from seed ${hex(seed)}.`);
  const { states } = simulate(model, { ...instance(name, found.seedOfRun, 1), withActions: true });
  states.forEach((state, step) => {
    const { 'mbt::actionTaken': action, 'mbt::nondetPicks': picks } = state;
    say(`${String(step).padStart(3)}  ${action} ${argumentsOf(picks)}`);
    if (step > 0) for (const change of changes(states[step - 1], state)) say(`       ${change}`);
  });
  say('');
  for (const each of found.violated) say(`${each} is broken: ${invariants[each]}`);
}

function argumentsOf(picks) {
  return Object.entries(picks)
    .filter(([name, value]) => value !== undefined && name !== 'turn' && name !== 'kind')
    .map(([name, value]) => `${name} ${brief(value)}`)
    .join(', ');
}

/** Where two states differ. What is only written down for the invariants is left out, and so are the budgets. */
function changes(before, after) {
  const all = differences(before, after);
  const ofOutbox = new Set(all.filter((line) => line.startsWith('pg.progress.')).map(withoutPlace));
  return all.filter((line) => !/^relays\..*\.progress\./.test(line) || !ofOutbox.has(withoutPlace(line)));
}

/** `pg.progress.1.seq: 4 → 5` and `relays.2,1.progress.seq: 4 → 5` say the same. */
function withoutPlace(line) {
  return line.replace(/^pg\.progress\.(\d)|^relays\.\d,(\d)\.progress/, '$1$2');
}

function differences(before, after, path = '') {
  if (brief(before) === brief(after)) return [];
  const isRecord = (value) => typeof value === 'object' && !Array.isArray(value);
  if (!isRecord(before) || !isRecord(after)) return [`${path}: ${brief(before)} → ${brief(after)}`];
  return Object.keys(after)
    .filter((name) => !/^(mbt::.*|seen|faultsLeft|interventionsLeft)$/.test(name))
    .flatMap((name) => differences(before[name], after[name], path ? `${path}.${name}` : name));
}

function brief(value) {
  return JSON.stringify(value).replaceAll('"', '').replaceAll(',', ', ').replaceAll(':', ' ');
}

/** The instances of the model, in its order, each with the sentence that stands above it. */
function textsOfInstances() {
  const source = readFileSync(options.spec, 'utf8');
  const found = source.matchAll(/^\/\*\* (.+) \*\/\nmodule (\w+) \{/gm);
  const instances = new Map([...found].map(([, text, name]) => [name, text]));
  if (!instances.has('sound')) fail(`${options.spec} has no instance sound`);
  instances.delete('replayed');
  for (const name of options.only) if (!instances.has(name)) fail(`there is no instance ${name}`);
  return instances;
}

function optionsOf() {
  const flags = {
    help: { type: 'boolean', short: 'h', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    seed: { type: 'string' },
    runs: { type: 'string', default: '600' },
    only: { type: 'string', default: '' },
    show: { type: 'string' },
    spec: { type: 'string', default: inCheckout('spec/paid-once.qnt') },
    page: { type: 'string', default: inCheckout('docs/model.md') },
  };
  try {
    const { values } = parseArgs({ options: flags });
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1) fail('--runs is a number from 1 on');
    return {
      ...values,
      runs,
      only: values.only.split(',').filter(Boolean),
      isFresh: values.seed === undefined,
      isStandard: values.runs === flags.runs.default,
      seed: values.seed === undefined ? BigInt(`0x${randomBytes(6).toString('hex')}`) : BigInt(values.seed),
    };
  } catch (error) {
    fail(error.message);
  }
}

function hex(seed) {
  return `0x${seed.toString(16)}`;
}

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1e6);
}

function perSecond({ runs, seconds }) {
  return Math.round(runs / seconds);
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function fail(why) {
  console.error(`${why}; see --help`);
  process.exit(2);
}
