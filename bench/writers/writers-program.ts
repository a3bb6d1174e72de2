// Writers of payments with their messages, each on its own connection, one statement at a time.
import { wakeRelays } from '@paid-once/outbox';
import { postgresOptions } from '@paid-once/service';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { environment } from '../rig/environment.js';
import { readyAndGo } from '../rig/program.js';
import { insertPaymentSql } from './insert-payment-sql.js';

const url = environment('PAID_ONCE_PAYMENTS_DB_URL');
const wakeUp = environment('BENCH_WAKE_UP') as 'none' | 'beside' | 'inside';
const writers = await Promise.all(Array.from({ length: Number(environment('BENCH_WRITERS')) }, connect));
const database = await new DataSource(
  postgresOptions({ url, process: 'payments', poolSize: 10, entities: [] }),
).initialize();

await readyAndGo(async () => {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const until = start + Number(environment('BENCH_SECONDS')) * 1_000;
  const written = await Promise.all(writers.map((writer, number) => writeUntil(until, writer, number)));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { written: written.reduce((sum, count) => sum + count), seconds, cpuMs: (user + system) / 1_000 };
});
process.exit();

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: url, options: '-c synchronous_commit=on -c jit=off' });
  await client.connect();
  return client;
}

async function writeUntil(until: number, writer: Client, number: number): Promise<number> {
  const text = insertPaymentSql({ wakesInside: wakeUp === 'inside' });
  let written = 0;
  for (; performance.now() < until; written++) {
    const values = [`${process.pid}-${number}-${written}`, `account-${number}`, `account-${number + 1}`];
    await writer.query({ name: 'pay', text, values });
    if (wakeUp === 'beside') wakeRelays(database);
  }
  return written;
}
