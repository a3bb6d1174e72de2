// The README's measured table, made from docs/chapters/measured.json, which `npm run chapters -- --out` has saved.
// With --check it writes nothing and fails when the README says something else than the file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const begin = '<!-- chapters: made by scripts/readme-table.mjs, do not edit -->';
const end = '<!-- /chapters -->';
const inCheckout = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    readme: { type: 'string', default: inCheckout('README.md') },
    measured: { type: 'string', default: inCheckout('docs/chapters/measured.json') },
  },
});

const readme = readFileSync(options.readme, 'utf8');
const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
if (from < 0 || to < from) fail(`${options.readme} lacks the markers ${begin} and ${end}`);
if (!existsSync(options.measured))
  fail(`${options.measured} is missing: npm run chapters -- --out docs/chapters/measured.json`);
const measured = JSON.parse(readFileSync(options.measured, 'utf8'));
const wanted = `${readme.slice(0, from)}${begin}\n\n${section(measured)}\n\n${readme.slice(to)}`;
if (options.check) {
  if (wanted !== readme) fail(`${options.readme} is not what was measured: node scripts/readme-table.mjs`);
} else writeFileSync(options.readme, wanted);

function section({ chapters, alternatives, ...circumstances }) {
  return [chapterTable(chapters), alternativeTable(alternatives), when(circumstances)]
    .filter(Boolean)
    .join('\n\n');
}

function chapterTable(chapters) {
  const names = {
    1: 'naive: sent once, no key',
    2: 'never pay too little: retried, no key',
    3: 'avoid paying twice: retried with a key that nobody looks up',
    4: 'paying exactly once: key, outbox, inbox',
  };
  return table(
    [
      'chapter',
      'lost on the way to payments',
      'paid twice there',
      'lost on the way to the ledger',
      'posted twice there',
      'p50 / p95 ms',
      'paid/s',
      'attempts · messages · SQL per payment',
    ],
    chapters.map(({ chapter, clientHop, ledgerHop, p50Ms, p95Ms, perSecond, cost }) => [
      `${chapter} ${names[chapter]}`,
      ...[clientHop, ledgerHop].flatMap(({ lost, twice }) => [money(lost), money(twice)]),
      `${whole(p50Ms)} / ${whole(p95Ms)}`,
      whole(perSecond),
      [cost.attempts, cost.messages, cost.statements].map((each) => each.toFixed(1)).join(' · '),
    ]),
  );
}

function alternativeTable({ redisRecipe, twoPhaseCommit } = {}) {
  const rows = [
    ...(redisRecipe?.situations ?? []).map(({ name, tried, lost, twice, says }) => [
      `key in Redis: ${name}`,
      `${whole(tried)} tried`,
      money(lost),
      money(twice),
      says,
    ]),
    ...(twoPhaseCommit?.says === undefined
      ? []
      : [['two-phase commit', `${whole(twoPhaseCommit.rows)} a round`, '0', '0', twoPhaseCommit.says]]),
  ];
  return (
    rows.length > 0 &&
    table(['instead', 'payments', 'lost', 'paid twice', ''], rows, ['l', 'r', 'r', 'r', 'l'])
  );
}

function when({ date, machine, seed, rows }) {
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(date));
  return (
    `Measured on ${day} with ${whole(rows)} payments, seed ${seed}, on ${machine.cpus} CPUs, ${machine.memory}, ` +
    `${machine.os}; Node ${machine.node}, Postgres ${machine.postgres}, RabbitMQ ${machine.rabbitmq}. ` +
    'Lost and twice are counted row by row; SQL statements and messages include what runs in the background.'
  );
}

function table(heads, rows, aligns = heads.map((_, index) => (index === 0 ? 'l' : 'r'))) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = aligns.map((align) => (align === 'l' ? '---' : '--:'));
  return [line(heads), line(rule), ...rows.map(line)].join('\n');
}

function money({ count, euros }) {
  return count === 0 ? '0' : `**${whole(count)}** (EUR ${euros.replace(/\B(?=(\d{3})+\.)/g, ',')})`;
}

function whole(number) {
  return new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 }).format(number);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
