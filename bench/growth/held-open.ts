import type { Client } from 'pg';
import { insertMessages } from '../relay/fill-outbox.js';

/** A transaction that has written rows of shard 0 and has not ended. */
export async function holdRows(session: Client, rows: number): Promise<void> {
  await session.query('BEGIN');
  await session.query(insertMessages({ from: '0', to: String(rows - 1), shards: 1 }));
}

/** A transaction that goes on seeing the database as it is now: nothing that is deleted later can be cleaned up. */
export async function holdSnapshot(session: Client, table: 'outbox_message' | 'account'): Promise<void> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await session.query(`SELECT FROM ${table} LIMIT 1`);
}
