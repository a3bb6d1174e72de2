import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { setUpDatabase } from './database-setup.js';
import { pause } from './pause.js';

jest.setTimeout(30_000);

class Payments1000000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE paid (id bigint GENERATED ALWAYS AS IDENTITY, amount bigint NOT NULL)');
  }
  async down(): Promise<void> {}
}

class NextRelease1000000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE paid ADD COLUMN note text');
  }
  async down(): Promise<void> {}
}

describe('setting a database up', () => {
  const server = process.env['TEST_PAYMENTS_ADMIN_URL'] ?? '';
  const name = `setup_${randomUUID().slice(0, 8)}`;
  let url: string;
  let clients: pg.Client[];

  beforeEach(async () => {
    clients = [];
    await onServer(`CREATE DATABASE ${name}`);
    url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
    await setUp({}, Payments1000000000001);
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
  });

  const setUp = (
    options: { adminUrl?: string; statementLimitMs?: number },
    ...migrations: (new () => MigrationInterface)[]
  ) =>
    setUpDatabase({
      adminUrl: url,
      entities: [],
      migrations,
      beforeGrants: [],
      roles: [],
      finish: async () => 'done',
      ...options,
    });
  const session = async () => {
    const client = new pg.Client({ connectionString: url });
    clients.push(client);
    await client.connect();
    return client;
  };
  async function onServer(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  it('H1: a migration that a long transaction keeps waiting delays no payment for longer than a second, and is done in the end', async () => {
    const long = await session();
    await long.query('BEGIN');
    await long.query('INSERT INTO paid (amount) VALUES (1)');
    let isDone = false;
    const migrated = setUp({}, Payments1000000000001, NextRelease1000000000002).finally(
      () => (isDone = true),
    );
    const payments = await session();
    const waitsMs: number[] = [];
    const until = performance.now() + 4_000; // the long transaction's
    while (performance.now() < until) {
      const sentAt = performance.now();
      await payments.query('INSERT INTO paid (amount) VALUES (2)');
      waitsMs.push(performance.now() - sentAt);
      await pause(5);
    }
    expect(isDone).toBe(false);
    // The longest one may have met a hiccup of the machine; a lock that lasts would delay each of these tries.
    const [, longestMs = 0] = waitsMs.sort((one, other) => other - one);
    expect(longestMs).toBeGreaterThan(100); // it did stand in the way, for as long as it may
    expect(longestMs).toBeLessThan(1_000);
    await long.query('COMMIT');
    expect(await migrated).toBe('done');
    await payments.query(`INSERT INTO paid (amount, note) VALUES (3, 'of the next release')`);
  });

  it('gives a server up that falls silent in the middle, says what to do, and can be run again', async () => {
    const link = await silenceableLink(url);
    class Silenced1000000000003 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        link.silence();
        await runner.query('ALTER TABLE paid ADD COLUMN never text');
      }
      async down(): Promise<void> {}
    }
    const startedMs = performance.now();
    const given = setUp(
      { adminUrl: link.url, statementLimitMs: 500 },
      Payments1000000000001,
      Silenced1000000000003,
    );
    await expect(given).rejects.toThrow(
      /did not answer a statement within 0.5 s.*run paid-once setup again/s,
    );
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    link.cut();
    expect(await setUp({}, Payments1000000000001, NextRelease1000000000002)).toBe('done');
  });

  it('that waits for another setup longer than a statement may take says so', async () => {
    const other = await session();
    await other.query('SELECT pg_advisory_lock(7238514)');
    await expect(setUp({ statementLimitMs: 500 }, Payments1000000000001)).rejects.toThrow(
      /did not answer a statement within 0.5 s.*another setup/s,
    );
  });

  it('H1: two at once run one after the other, also when the first one takes longer than either waits for a table', async () => {
    const long = await session();
    await long.query('BEGIN');
    await long.query('INSERT INTO paid (amount) VALUES (1)');
    const both = Promise.all([
      setUp({}, Payments1000000000001, NextRelease1000000000002),
      setUp({}, Payments1000000000001, NextRelease1000000000002),
    ]);
    await pause(2_000); // longer than either waits for a table
    await long.query('COMMIT');
    expect(await both).toEqual(['done', 'done']);
  });
});

/** A link to a server that can fall silent while its connections stay open, as those of a frozen server do. */
async function silenceableLink(target: string) {
  const { hostname, port } = new URL(target);
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = String((server.address() as AddressInfo).port);
  return {
    url: Object.assign(new URL(target), { hostname: '127.0.0.1', port: own }).href,
    silence: () => sockets.forEach((socket) => socket.unpipe().pause()),
    cut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
