// docs/fault-matrix.md: every fault of test/fault-matrix.json with the tests that prove its promise. A test belongs to a
// fault when its title begins with the fault's id: `it('B2: …')`, `it('D2 D3: …')`; also as a row of an `it.each` table.
// With --check it writes nothing, and fails when the page is stale, a title names no fault, or a fault has neither a test
// nor a reason (`"skipped": "…"`). --missing only lists those.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    missing: { type: 'boolean', default: false },
  },
});
const between = {
  A: 'between the client and the payments service',
  B: 'between the payments service and its Postgres',
  C: 'between the relay and Postgres',
  D: 'between the relay and RabbitMQ',
  E: 'RabbitMQ itself',
  F: 'between RabbitMQ and the ledger',
  G: 'between the ledger and its Postgres',
  H: 'operators and hosts',
};
const checkout = fileURLToPath(new URL('..', import.meta.url));
const page = `${checkout}docs/fault-matrix.md`;

const faults = JSON.parse(readFileSync(`${checkout}test/fault-matrix.json`, 'utf8'));
const known = new Set(faults.map(({ id }) => id));
const tests = specFiles().flatMap((file, _index, specs) => [...testsIn(file), ...testsInTables(file, specs)]);
const strangers = tests.flatMap(({ file, ids }) =>
  ids.filter((id) => !known.has(id)).map((id) => `${file}: there is no fault ${id}`),
);
const missing = faults.filter((fault) => testsOf(fault).length === 0).map(({ id }) => id);

if (options.missing) process.stdout.write(`${missing.join(' ')}\n`);
else if (options.check) check();
else writeFileSync(page, text());

function check() {
  const complaints = [...strangers];
  if (missing.length > 0) complaints.push(`no test: ${missing.join(', ')}`);
  if (!existsSync(page) || readFileSync(page, 'utf8') !== text())
    complaints.push('docs/fault-matrix.md is stale: node scripts/fault-matrix.mjs');
  for (const complaint of complaints) process.stderr.write(`fault matrix: ${complaint}\n`);
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
  const imported = readFileSync(`${checkout}${spec}`, 'utf8').matchAll(/ from '\.\/support\/([\w-]+)\.js'/g);
  return [...imported].map(([, name]) => `test/support/${name}.ts`);
}

/** @param source where the titles stand */
function testsIn(file, source = file) {
  const title = /(['"`])((?:[A-H]\d{1,2} )*[A-H]\d{1,2}): ((?:\\.|(?!\1)[^\n])+)\1/g;
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

function text() {
  const sections = Object.entries(Object.groupBy(faults, ({ id }) => id[0])).map(
    ([letter, rows]) => `## ${letter}: ${between[letter]}\n\n${table(rows)}`,
  );
  return `<!-- made by scripts/fault-matrix.mjs from test/fault-matrix.json and the tests' titles, do not edit -->\n
# What can break, what is promised then, and the tests that prove it

Each fault is injected for real: links, signals, Postgres' and RabbitMQ's own commands, full file systems, shifted clocks.
\`unit\` and \`integration\` tests run with \`npm test\`, \`e2e\` with \`npm run test:e2e\`, \`long\` with \`npm run test:e2e -- --all\`.
Where a machine does not allow a fault to be injected, its test is reported as skipped, with the reason.

${sections.join('\n\n')}
`;
}

function table(rows) {
  const lines = rows.map(
    (row) => `| ${row.id} | ${row.fault}${needs(row)} | ${row.promise} | ${proofs(row)} |`,
  );
  return ['| | fault | promise | proved by |', '|---|---|---|---|', ...lines].join('\n');
}

function needs({ needs: what }) {
  return what ? ` *(needs ${what})*` : '';
}

function proofs(row) {
  const proving = testsOf(row).map(
    ({ file, project, promise }) => `${promise.replaceAll('|', '\\|')} ([${project}](../${file}))`,
  );
  return proving.join('<br>') || '**nothing yet**';
}
