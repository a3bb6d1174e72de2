// What every relay of the comparison has in common: how the bench starts and stops it, the messages it has to
// deliver, and a publisher no relay is faster or safer than another by.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import pg from 'pg';

const shards = 4;
const runId = '7a3f1f0e-52a9-4c1f-9d0c-2f6a5e1b8c90';
const fillSize = 1_000;
const stopWithinMs = 5_000;

/**
 * Fills an outbox, says `{"ready":true}`, waits for the line `go`, drains, and prints what was confirmed and in how many
 * seconds: from `go` to the last confirm, or to the last one within the cap.
 * @param prepare makes the schema; `fill` stores a portion of messages, `drain` starts the relay and returns its stop
 */
export async function runRelay({ name, version, prepare }) {
  const databaseUrl = setting('BENCH_DB_URL');
  const wanted = Number(setting('BENCH_MESSAGES'));
  const capSeconds = Number(process.env.BENCH_CAP_SECONDS ?? Infinity);
  const publisher = await openPublisher(setting('BENCH_AMQP_URL'), setting('BENCH_EXCHANGE'));
  const relay = await prepare(databaseUrl);
  for (let from = 0; from < wanted; from += fillSize)
    await relay.fill(sampleMessages(from, Math.min(from + fillSize, wanted)));
  await settle(databaseUrl);
  say({ ready: true });
  await goAhead();

  const startedAt = performance.now();
  const confirms = confirmCounter(wanted);
  const stop = await relay.drain({
    publish: async (message) => {
      await publisher.publish(message);
      confirms.count(message);
    },
    publishAll: async (messages) => {
      await publisher.publishAll(messages);
      messages.forEach(confirms.count);
    },
  });
  const cap = Number.isFinite(capSeconds) ? pause(capSeconds * 1_000) : new Promise(() => {});
  await Promise.race([confirms.all, cap]);
  const { messages, lastAt } = confirms.soFar();
  await Promise.race([stop(), pause(stopWithinMs)]);
  say({ name, version, messages, seconds: (lastAt - startedAt) / 1_000 });
  process.exit(0);
}

/** What a message is: an event in its envelope, and where it goes. */
function sampleMessages(from, to) {
  const time = new Date().toISOString();
  return Array.from({ length: to - from }, (_, offset) => {
    const i = from + offset;
    const [id, paymentId] = [sampleId('7000', i), sampleId('7001', i)];
    const data = {
      paymentId,
      src: `account-${i % 1_000}`,
      dest: `account-${(i + 1) % 1_000}`,
      amountMinor: String(1 + (i % 10_000)),
      currency: 'EUR',
      reference: 'invoice 4711 of the 29th of November',
    };
    const type = 'payment.accepted';
    const event = {
      specversion: '1.0',
      id,
      source: '/payments',
      type,
      subject: paymentId,
      time,
      datacontenttype: 'application/json',
      data,
    };
    return { routingKey: `${type}.${i % shards}`, event };
  });
}

function sampleId(version, i) {
  const ms = (1_790_000_000_000 + i).toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-${version}-8000-${i.toString(16).padStart(12, '0')}`;
}

/**
 * One connection, one confirm channel. A message counts once the broker has confirmed it, and one that comes back ends
 * the process: the bench would measure the bin.
 */
export async function openPublisher(amqpUrl, exchange) {
  const connection = await connect(amqpUrl, { noDelay: true }); // amqplib leaves Nagle on: half the rate of small windows
  const channel = await connection.createConfirmChannel();
  channel.on('return', ({ fields }) => {
    throw new Error(`a message came back: ${fields.replyText} (${fields.routingKey})`);
  });

  function send({ routingKey, event }, onAnswer) {
    return channel.publish(
      exchange,
      routingKey,
      Buffer.from(JSON.stringify(event)),
      {
        persistent: true,
        mandatory: true,
        messageId: event.id,
        type: event.type,
        contentType: 'application/cloudevents+json',
        appId: 'payments',
        timestamp: Math.floor(Date.now() / 1_000),
        headers: { key: event.subject, run: runId, schemaversion: 1 },
      },
      onAnswer,
    );
  }

  /** Resolves with the broker's confirm. */
  function publish(message) {
    return new Promise((resolve, reject) =>
      send(message, (refusal) => (refusal ? reject(refusal) : resolve())),
    );
  }

  /** Publishes all, then awaits all confirms. */
  async function publishAll(messages) {
    const { promise, resolve, reject } = Promise.withResolvers();
    let open = messages.length;
    if (open === 0) return;
    for (const message of messages) {
      const room = send(message, (refusal) => {
        if (refusal) reject(refusal);
        else if (--open === 0) resolve();
      });
      if (!room) await Promise.race([new Promise((drained) => channel.once('drain', drained)), promise]);
    }
    await promise;
  }

  return { channel, publish, publishAll, close: () => connection.close() };
}

/** Each message once: a relay that publishes one again has not delivered two. */
function confirmCounter(wanted) {
  const { promise: all, resolve } = Promise.withResolvers();
  const confirmed = new Set();
  let lastAt = performance.now();
  if (wanted === 0) resolve();
  return {
    all,
    soFar: () => ({ messages: confirmed.size, lastAt }),
    count({ event }) {
      if (confirmed.size === confirmed.add(event.id).size) return;
      lastAt = performance.now();
      if (confirmed.size === wanted) resolve();
    },
  };
}

/** So that no relay meets tables without statistics, nor the checkpoint of its filling. */
async function settle(databaseUrl) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
  await client.end();
}

/** The installed version of a package of this directory. */
export function versionOf(packageName) {
  const manifest = new URL(`node_modules/${packageName}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

/** @throws Error the bench has not set it */
export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** One line for the bench. */
export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function goAhead() {
  for await (const line of createInterface({ input: process.stdin })) if (line.trim() === 'go') return;
  throw new Error('standard input ended before `go`');
}
