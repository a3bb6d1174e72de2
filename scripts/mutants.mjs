// `npm run mutants`: each known mistake is made in a copy of this checkout, which is then tried as usual: the nemesis, or the
// named test, must find it. chaos/mutants.json says what is changed; docs/mutants.md, what found it, is written from
// chaos/caught.json. With --check, as in `lint`, nothing runs: each change must still fit the code, and the page the records.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const help = `Makes each known mistake in a copy of this checkout and sees that it is found.

  npm run mutants                                  all of them: some 40 minutes
  npm run mutants -- --only "dual write,no inbox"  some, by name
  npm run mutants -- --list                        what there is
  npm run mutants -- --check                       whether each still fits the code, and docs/mutants.md the records

Options: --json prints one object on the last line, --keep keeps the copies below ${tmpdir()}.
Exit codes: 0 all were found, 1 one was not, 2 wrong usage.`;

const checkout = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(checkout, path), 'utf8');
const mutants = JSON.parse(read('chaos/mutants.json'));
const records = 'chaos/caught.json';
const page = 'docs/mutants.md';
/** A mutant that three seeds do not find is a hole in the nemesis. */
const seeds = [1, 2, 3];
/** What finds a mutant: lost, twice, wrong, out of balance, taken back, out of order. */
const ofMoney = new Set(['I1', 'I2', 'I3', 'I4', 'I5', 'I6']);

const options = optionsOrExit();
if (options.help) console.log(help);
else if (options.list) for (const { name, mistake } of mutants) console.log(`${name}: ${mistake}`);
else if (options.check) process.exitCode = check();
else process.exitCode = tryAll();

function optionsOrExit() {
  try {
    const flags = ['help', 'list', 'check', 'json', 'keep'];
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' }])),
      },
    });
    const unknown = values.only?.split(',').find((name) => !mutants.some((each) => each.name === name));
    if (unknown) throw new Error(`There is no mutant "${unknown}": --list names all.`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(2);
  }
}

function tryAll() {
  const chosen = mutants.filter(({ name }) => !options.only || options.only.split(',').includes(name));
  const found = JSON.parse(read(records));
  const missed = [];
  for (const [number, mutant] of chosen.entries()) {
    console.error(`\n${number + 1}/${chosen.length} ${mutant.name}: ${mutant.mistake}`);
    const copy = copyWith(mutant);
    try {
      const caught = mutant.caughtBy.pack ? byNemesis(copy, mutant.caughtBy) : byTest(copy, mutant.caughtBy);
      console.error(caught ? `  found: ${caught.what}` : '  NOT FOUND');
      if (caught) record(found, mutant.name, caught);
      else missed.push(mutant.name);
    } finally {
      if (options.keep) console.error(`  kept: ${copy}`);
      else rmSync(copy, { recursive: true });
    }
  }
  if (options.json)
    console.log(JSON.stringify({ tried: chosen.length, found: chosen.length - missed.length, missed }));
  else
    console.log(
      `${chosen.length - missed.length} of ${chosen.length} were found${missed.map((name) => `\n  not: ${name}`).join('')}`,
    );
  return missed.length === 0 ? 0 : 1;
}

/** After each: a run of an hour that is broken off has found what it has found. */
function record(found, name, caught) {
  found[name] = caught;
  writeFileSync(join(checkout, records), `${JSON.stringify(inOrder(found), undefined, 2)}\n`);
  writeFileSync(join(checkout, page), pageOf(found));
  execFileSync('npx', ['prettier', '--write', page, records], { cwd: checkout, stdio: 'ignore' });
}

function inOrder(found) {
  return Object.fromEntries(mutants.flatMap(({ name }) => (found[name] ? [[name, found[name]]] : [])));
}

function copyWith({ edits }) {
  const copy = mkdtempSync(join(tmpdir(), 'paid-once-mutant-'));
  chmodSync(copy, 0o755); // as root, Postgres runs as another user
  const names = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: checkout,
  });
  for (const name of names.toString().trim().split('\n')) cpSync(join(checkout, name), join(copy, name));
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
  for (const [file, from, to] of edits)
    writeFileSync(join(copy, file), readFileSync(join(copy, file), 'utf8').split(from).join(to));
  return copy;
}

function byNemesis(copy, { pack, seconds }) {
  run(copy, 'npm', ['run', '--silent', 'build']);
  for (const seed of seeds) {
    const settings = ['--seed', String(seed), '--seconds', String(seconds), '--pack', pack, '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/chaos/main.js', ...settings], {
      cwd: copy,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    console.error(`  nemesis ${pack}, seed ${seed}: exit ${status}`);
    if (status !== 1) {
      console.error(stderr.split('\n').slice(-8).join('\n'));
      continue;
    }
    const found = JSON.parse(stdout).violations.filter(({ invariant }) => ofMoney.has(invariant));
    if (found.length === 0) continue; // something else was wrong
    const invariants = [...new Set(found.map(({ invariant }) => invariant))].join(', ');
    return { by: `nemesis \`${pack}\`, ${seconds} s`, seed, what: `${invariants}: ${found[0].what}` };
  }
  return undefined;
}

function byTest(copy, { test: project, in: where }) {
  const report = join(copy, 'report.json');
  spawnSync(
    'npm',
    [
      'run',
      '--silent',
      'jest',
      '--',
      '--selectProjects',
      project,
      '--maxWorkers=1',
      '--testPathPatterns',
      where,
      '--json',
      '--outputFile',
      report,
    ],
    { cwd: copy, stdio: 'ignore', env: { ...process.env, PAID_ONCE_SERVERS: 'local' } },
  );
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { name, assertionResults } of testResults)
    for (const { status, title } of assertionResults)
      if (status === 'failed')
        return {
          by: `\`${name.slice(name.lastIndexOf(copy.split('/').at(-1)) + copy.split('/').at(-1).length + 1)}\``,
          what: title,
        };
  return undefined;
}

function run(cwd, command, parameters) {
  execFileSync(command, parameters, { cwd, stdio: 'ignore' });
}

function check() {
  const stale = mutants.flatMap(({ name, edits }) =>
    edits
      .filter(([file, from]) => read(file).split(from).length !== 2)
      .map(([file]) => `mutant "${name}" does not fit ${file} any more: change chaos/mutants.json`),
  );
  const found = JSON.parse(read(records));
  const unrecorded = mutants
    .filter(({ name }) => !found[name])
    .map(({ name }) => `mutant "${name}" has not been found yet: npm run mutants -- --only "${name}"`);
  const faults = [
    ...stale,
    ...unrecorded,
    ...(plain(read(page)) === plain(pageOf(found)) ? [] : [`${page} is not what ${records} says`]),
  ];
  for (const fault of faults) console.error(fault);
  return faults.length === 0 ? 0 : 1;
}

/** Without what prettier does to tables. */
function plain(text) {
  return text.replaceAll(/[ -]+/g, '').trim();
}

function pageOf(found) {
  const rows = mutants.map(({ name, mistake }) => {
    const { by = 'not yet', what = '', seed } = found[name] ?? {};
    return `| ${name} | ${mistake} | ${by}${seed === undefined ? '' : `, seed ${seed}`} | ${cell(what)} |`;
  });
  return `# Mistakes that must be found

Each of these is a mistake that systems of this kind are known to make. It is made in a copy of the code, by
[\`npm run mutants\`](../scripts/mutants.mjs), and then the copy is tried: by the [nemesis](testing.md), with at most three seeds, or
by the tests of one place. A tester that finds none of them would prove nothing. This page is written from what was found.

| mistake | what it means | found by | what was said |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').slice(0, 160);
}
