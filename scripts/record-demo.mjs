// Runs the real `npm run demo` in a terminal of its own and draws what it printed, when it printed it: docs/demo.svg.
// Needs `script` (util-linux). `node scripts/record-demo.mjs [FILE]`
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { animatedSvg } from './terminal/animated-svg.mjs';
import { film } from './terminal/film.mjs';

const columns = 100;
/** Pauses longer than this, in seconds, are shortened to it. */
const longest = 1.2;
const command = 'npm run demo';
const secondsPerKey = 0.07;

const checkout = join(import.meta.dirname, '..');
const target = process.argv[2] ?? join(checkout, 'docs/demo.svg');

await record('npm run --silent demo -- --help'); // builds what is not built: that is no part of the film
const { events, exitCode } = await record(
  `stty cols ${columns} rows 50; ${command.replace('run', 'run --silent')}`,
);
if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: nothing was drawn`);

const seconds = Math.round(events.at(-1)[0]);
const day = new Date().toISOString().slice(0, 10);
const made = `${day}, Node ${process.version}, ${seconds} s; pauses over ${longest} s are shortened to that`;
const typed = typing(command);
const svg = animatedSvg(
  film([...typed, ...after(typed.at(-1)[0] + 0.4, events)], { columns, longest }),
  columns,
  {
    title: command,
    label: 'npm run demo, recorded',
    description:
      'A terminal pays 1,000 times one euro. After a third, the link between relay and RabbitMQ is cut: all payments are ' +
      'still accepted, and the ledgers differ by what waits in the outbox. The link is healed, and both ledgers agree.',
    comment: `A recording of a real run of "${command}" on ${made}. Made by scripts/record-demo.mjs: do not edit.`,
  },
);
writeFileSync(target, svg);
console.log(`${target}: ${(svg.length / 1_000).toFixed(0)} kB, a run of ${made}`);

/** @returns [seconds since the start, what was printed] */
async function record(line) {
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    cwd: checkout,
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events = [];
  const startedAt = performance.now();
  child.stdout
    .setEncoding('utf8')
    .on('data', (text) => events.push([(performance.now() - startedAt) / 1_000, text]));
  const exitCode = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { events, exitCode };
}

function typing(text) {
  const keys = [...text].map((key, index) => [0.6 + index * secondsPerKey, key]);
  return [[0, '\x1b[32m$\x1b[39m '], ...keys, [0.9 + text.length * secondsPerKey, '\r\n']];
}

function after(start, events) {
  const [[first]] = events;
  return events.map(([seconds, text]) => [start + seconds - first, text]);
}
