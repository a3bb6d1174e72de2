import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
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
    await setUp(Payments1000000000001);
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
  });

  const setUp = (...migrations: (new () => MigrationInterface)[]) =>
    setUpDatabase({
      adminUrl: url,
      entities: [],
      migrations,
      beforeGrants: [],
      roles: [],
      finish: async () => 'done',
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
    const migrated = setUp(Payments1000000000001, NextRelease1000000000002).finally(() => (isDone = true));
    const payments = await session();
    let longestMs = 0;
    const until = performance.now() + 4_000; // the long transaction's
    while (performance.now() < until) {
      const sentAt = performance.now();
      await payments.query('INSERT INTO paid (amount) VALUES (2)');
      longestMs = Math.max(longestMs, performance.now() - sentAt);
      await pause(5);
    }
    expect(isDone).toBe(false);
    expect(longestMs).toBeGreaterThan(100); // it did stand in the way, for as long as it may
    expect(longestMs).toBeLessThan(1_000);
    await long.query('COMMIT');
    expect(await migrated).toBe('done');
    await payments.query(`INSERT INTO paid (amount, note) VALUES (3, 'of the next release')`);
  });

  it('H1: two at once run one after the other, however long the first one takes', async () => {
    const long = await session();
    await long.query('BEGIN');
    await long.query('INSERT INTO paid (amount) VALUES (1)');
    const both = Promise.all([
      setUp(Payments1000000000001, NextRelease1000000000002),
      setUp(Payments1000000000001, NextRelease1000000000002),
    ]);
    await pause(2_000); // longer than either waits for a table
    await long.query('COMMIT');
    expect(await both).toEqual(['done', 'done']);
  });
});
