// docs/fault-matrix.md and docs/hostile-input.md: every row of a list in test/ with the tests that prove its promise. A test
// belongs to a row when its title begins with the row's id: `it('B2: …')`, `it('D2 D3: …')`; also as a row of an `it.each`
// table. With --check it writes nothing, and fails when a page is stale, a title names no row, or a row has no test. --missing
// only lists those. What a fault is seen by while it lasts is proved by test/seen-faults.e2e-spec.ts; a row that is not
// there says how it is seen instead, or why not (`"seen": "…"`).
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    missing: { type: 'boolean', default: false },
  },
});
const checkout = fileURLToPath(new URL('..', import.meta.url));
const where = `Each is a test, on real servers where it needs any. \`unit\` and \`integration\` tests run with \`npm test\`, \`e2e\` with \`npm run test:e2e\`,
\`long\` with \`npm run test:e2e -- --all\`.`;

const matrices = [
  {
    name: 'fault-matrix',
    title: 'What can break, what is promised then, and the tests that prove it',
    intro: `Each fault is injected for real: links, signals, Postgres' and RabbitMQ's own commands, full file systems, shifted clocks.
${where}
Where a machine does not allow a fault to be injected, its test is reported as skipped, with the reason.

The last column is what wakes somebody. Where it is an alert's name alone, [a test](../test/seen-faults.e2e-spec.ts) breaks the running system,
and a metric names it, a real Prometheus with these rules (in seconds instead of minutes) fires the alert, the log tells its
beginning once and its end once, and the alert clears. The others are over at once, or nothing is wrong, or they are expected to look like one of these, which no test of their own shows.`,
    columns: ['fault', 'promise'],
    isSeen: true,
    sections: {
      A: 'between the client and the payments service',
      B: 'between the payments service and its Postgres',
      C: 'between the relay and Postgres',
      D: 'between the relay and RabbitMQ',
      E: 'RabbitMQ itself',
      F: 'between RabbitMQ and the ledger',
      G: 'between the ledger and its Postgres',
      H: 'operators and hosts',
    },
  },
  {
    name: 'hostile-input',
    title: 'What may come in, what is answered, and the tests that send it',
    intro: `Nothing is coerced, rounded or half-read; what is refused leaves no row and does not burn its idempotency key.
${where}`,
    columns: ['input', 'answer'],
    sections: {
      P: 'the payments API',
      M: 'messages at the ledger',
      K: 'configuration',
      V: 'CSV, in and out',
      S: 'who may do what',
    },
  },
].map((matrix) => ({
  ...matrix,
  rows: JSON.parse(readFileSync(`${checkout}test/${matrix.name}.json`, 'utf8')),
  page: `docs/${matrix.name}.md`,
}));
const signals = signalsIn('test/support/seen-faults.ts');
const letters = matrices.flatMap(({ sections }) => Object.keys(sections)).join('');

const rows = matrices.flatMap((matrix) => matrix.rows);
const known = new Set(rows.map(({ id }) => id));
const tests = specFiles().flatMap((file, _index, specs) => [...testsIn(file), ...testsInTables(file, specs)]);
const strangers = tests.flatMap(({ file, ids }) =>
  ids.filter((id) => !known.has(id)).map((id) => `${file}: there is no row ${id}`),
);
const unseen = matrices[0].rows.filter(({ id, seen }) => (seen === undefined) === (signalsOf(id) === ''));
const missing = rows.filter((row) => testsOf(row).length === 0).map(({ id }) => id);

if (options.missing) process.stdout.write(`${missing.join(' ')}\n`);
else if (options.check) check();
else for (const matrix of matrices) writeFileSync(checkout + matrix.page, text(matrix));

function check() {
  const complaints = [...strangers];
  for (const { id } of unseen)
    complaints.push(`${id}: it is either in test/support/seen-faults.ts, or says how it is seen`);
  if (missing.length > 0) complaints.push(`no test: ${missing.join(', ')}`);
  for (const matrix of matrices) {
    const page = checkout + matrix.page;
    if (!existsSync(page) || readFileSync(page, 'utf8') !== text(matrix))
      complaints.push(`${matrix.page} is stale: node scripts/matrices.mjs`);
  }
  for (const complaint of complaints) process.stderr.write(`matrices: ${complaint}\n`);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}

// Tracked or new, but not ignored; sorted, so that the page is the same everywhere.
function specFiles() {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', 'apps', 'libs', 'test'],
    { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 25 },
  );
  return listed
    .split('\n')
    .filter((file) => /(\.|-)spec\.ts$/.test(file) && existsSync(`${checkout}${file}`))
    .sort();
}

function testsInTables(spec, specs) {
  const tables = importsOf(spec).filter(
    (table) => specs.find((each) => importsOf(each).includes(table)) === spec,
  );
  return tables.flatMap((table) => testsIn(spec, table));
}

function importsOf(spec) {
  const imported = readFileSync(`${checkout}${spec}`, 'utf8').matchAll(
    / from '(\.[\w./-]*(?:support|test)\/[\w-]+)\.js'/g,
  );
  return [...imported].map(([, path]) => `${join(dirname(spec), path)}.ts`);
}

/** @param source where the titles stand */
function testsIn(file, source = file) {
  const id = `[${letters}]\\d{1,2}`;
  const title = new RegExp(`(['"\`])((?:${id} )*${id}): ((?:\\\\.|(?!\\1)[^\\n])+)\\1`, 'g');
  return [...readFileSync(`${checkout}${source}`, 'utf8').matchAll(title)].map(([, , ids, promise]) => ({
    file,
    project: /\.(\w+)-spec\.ts$/.exec(file)?.[1].replace('int', 'integration') ?? 'unit',
    ids: ids.split(' '),
    promise: promise.replaceAll(/\\(.)/g, '$1'),
  }));
}

function testsOf({ id }) {
  return tests.filter(({ ids }) => ids.includes(id));
}

/** What of the faults is seen while they last: their ids, and the alert. */
function signalsIn(source) {
  const faults = readFileSync(`${checkout}${source}`, 'utf8').matchAll(
    /title: '((?:[A-H]\d+ )*[A-H]\d+): [^\n]*[\s\S]*?\n {4}alert: '(\w+)/g,
  );
  return [...faults].map(([, ids, alert]) => ({ ids: ids.split(' '), alert }));
}

function signalsOf(id) {
  const alerts = signals.filter(({ ids }) => ids.includes(id)).map(({ alert }) => `\`${alert}\``);
  return [...new Set(alerts)].join(', ');
}

function text({ name, title, intro, columns, isSeen, sections, rows }) {
  const tables = Object.entries(Object.groupBy(rows, ({ id }) => id[0])).map(
    ([letter, its]) => `## ${letter}: ${sections[letter]}\n\n${table(its, columns, isSeen)}`,
  );
  return `<!-- made by scripts/matrices.mjs from test/${name}.json and the tests' titles, do not edit -->\n
# ${title}

${intro}

${tables.join('\n\n')}
`;
}

function table(rows, columns, isSeen = false) {
  const [what, promise] = columns;
  const lines = rows.map(
    (row) =>
      `| ${row.id} | ${row[what]}${needs(row)} | ${row[promise]} | ${proofs(row)} |${isSeen ? ` ${row.seen ?? signalsOf(row.id)} |` : ''}`,
  );
  const [head, rule] = isSeen ? [' seen by |', '---|'] : ['', ''];
  return [`| | ${what} | ${promise} | proved by |${head}`, `|---|---|---|---|${rule}`, ...lines].join('\n');
}

function needs({ needs: what }) {
  return what ? ` *(needs ${what})*` : '';
}

function proofs(row) {
  const proofs = testsOf(row).filter(({ file }) => file !== 'test/seen-faults.e2e-spec.ts');
  const byFile = Map.groupBy(proofs, ({ file }) => file);
  const proving = [...byFile].map(([file, its]) => {
    const promises = [...new Set(its.map(({ promise }) => promise.replaceAll(/[|_]/g, '\\$&')))];
    return `${promises.join('; ')} ([${its[0].project}](../${file}))`;
  });
  return proving.join('<br>') || '**nothing yet**';
}
