// How long `paid-once compare` takes over large ledgers, and how much memory: fills both databases by SQL, compares, changes
// one row, compares again and finds it. `npm run bench:compare -- --payments 1000000` for a shorter one.
// It needs some 8 GB of disk for 10 million payments, below /var/tmp, and removes them.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startStack } from '../dist/apps/cli/src/stack/start-stack.js';

const { values } = parseArgs({ options: { payments: { type: 'string', default: '10000000' } } });
const payments = Number(values.payments);
const perSecond = 5_000; // so many payments were accepted a second: what makes their ids, and with them the buckets
const atATime = 500_000;
// The same ids as `idOf` makes. The outbox is empty: retention has removed what is posted for long.
const made = `
SELECT i, (left(ms, 8) || '-' || right(ms, 4) || '-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id,
       (left(ms, 8) || '-' || right(ms, 4) || '-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid AS message_id
  FROM (SELECT i, lpad(to_hex(1790000000000 + i * 1000 / ${perSecond}), 12, '0') AS ms
          FROM generate_series($1::bigint, $2::bigint) AS i) AS clock`;
const fillPayments = `
INSERT INTO payment_event (payment_id, type, message_id, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
SELECT id, 'payment.accepted', message_id, 'bench', i, decode(md5(i::text) || md5(i::text), 'hex'),
       'account-' || i % 1000, 'account-' || (i + 1) % 1000, 1 + i % 1000, 'EUR'
  FROM (${made}) AS made`;
const fillLedger = `
INSERT INTO transfer (payment_id, kind, debit_account, credit_account, amount_minor, currency, message_id, shard)
SELECT id, 'payment', 'account-' || i % 1000, 'account-' || (i + 1) % 1000, 1 + i % 1000, 'EUR', message_id, i % 4
  FROM (${made}) AS made`;

const entry = fileURLToPath(new URL('../apps/cli/bin/paid-once.mjs', import.meta.url));
const say = (line) => process.stderr.write(`${line}\n`);

const stack = await startStack({ lab: true, postgresSettings: { max_wal_size: '4GB' }, say });
try {
  const databases = {
    payments: await connected(stack.servers.paymentsDb.adminUrl('payments')),
    ledger: await connected(stack.servers.ledgerDb.adminUrl('ledger')),
  };
  await databases.ledger.query('SET session_replication_role = replica'); // transfers are append-only
  const fillSeconds = await timed(() => fill(databases));
  say(`filled in ${fillSeconds} s; comparing`);
  const runs = { fillSeconds };
  runs.agreeing = await compare();
  const id = idOf(Math.floor(payments / 2));
  await databases.ledger.query('UPDATE transfer SET amount_minor = amount_minor + 1 WHERE payment_id = $1', [
    id,
  ]);
  runs.oneChanged = await compare();
  runs.stats = await askBoth('/stats');
  runs.digest = await askBoth('/digest');
  runs.peakMb = {
    payments: peakMb(stack.services.payments.pid),
    ledger: peakMb(stack.services.ledger.pid),
    compare: Math.max(runs.agreeing.peakMb, runs.oneChanged.peakMb),
  };
  await Promise.all(Object.values(databases).map((database) => database.end()));
  console.log(JSON.stringify({ payments, machine: machine(), ...runs }, undefined, 2));
  const { found } = runs.oneChanged;
  if (
    runs.agreeing.exitCode !== 0 ||
    runs.oneChanged.exitCode !== 1 ||
    found.count !== 1 ||
    found.totals.EUR !== '0.01'
  )
    throw new Error('it did not find exactly the row that was changed');
} finally {
  await stack.stop();
}

async function fill(databases) {
  for (let from = 0; from < payments; from += atATime) {
    const range = [from, Math.min(from + atATime, payments) - 1];
    await Promise.all([
      databases.payments.query(fillPayments, range),
      databases.ledger.query(fillLedger, range),
    ]);
    say(`${range[1] + 1} payments on both sides`);
  }
  await Promise.all([
    databases.payments.query('VACUUM ANALYZE payment_event'),
    databases.ledger.query('VACUUM ANALYZE transfer'),
  ]);
}

/** `paid-once compare --json` as a process of its own, while its memory is watched. */
async function compare() {
  const before = performance.now();
  const child = spawn(process.execPath, [entry, 'compare', '--json'], {
    env: { ...process.env, ...stack.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  let peak = 0;
  child.stdout.on('data', (chunk) => (stdout += chunk));
  const watching = setInterval(() => (peak = Math.max(peak, peakMb(child.pid) ?? 0)), 50);
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watching);
  if (exitCode > 1) throw new Error(`compare exited ${exitCode}: ${stdout}`);
  const { agree, payments: accepted, ledger, breaks } = JSON.parse(stdout);
  const seconds = Math.round(performance.now() - before) / 1_000;
  say(`compared in ${seconds} s: exit ${exitCode}`);
  return { seconds, exitCode, agree, accepted, ledger, found: breaks.amountDiffers, peakMb: peak };
}

async function askBoth(path) {
  const ask = async (url) => {
    let answer;
    const seconds = await timed(async () => (answer = await (await fetch(url + path)).json()));
    return { seconds, answer };
  };
  return { payments: await ask(stack.urls.payments), ledger: await ask(stack.urls.ledger) };
}

async function timed(work) {
  const before = performance.now();
  await work();
  return Math.round(performance.now() - before) / 1_000;
}

async function connected(connectionString) {
  const halfAnHourMs = 1_800_000; // filling and vacuuming take minutes
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: 10_000,
    query_timeout: halfAnHourMs,
  });
  client.on('error', () => {}); // it ends with its server when this breaks off
  await client.connect();
  await client.query('SET synchronous_commit = off');
  return client;
}

/** The largest resident size a process ever had, in MB; undefined where there is no /proc. */
function peakMb(pid) {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes && Math.round(Number(kilobytes) / 1024);
  } catch {
    return undefined;
  }
}

function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
}

function idOf(index) {
  const ms = (1_790_000_000_000 + Math.floor((index * 1_000) / perSecond)).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${index.toString(16).padStart(12, '0')}`;
}
