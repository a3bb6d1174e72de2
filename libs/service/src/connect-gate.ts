import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { backOff } from './back-off.js';

/** Between two attempts to connect, once one has failed. */
const pauses = { firstMs: 50, maxMs: 500 };

/**
 * Lets a process ask a server that is away, or has no connection left, only now and then, however many requests want
 * one: what comes in between fails at once with the last attempt's error. A connection that is idle needs no asking.
 */
export async function throughGate<Result>(
  database: DataSource,
  connect: () => Promise<Result>,
): Promise<Result> {
  const pool = poolOf(database);
  if (pool.idleCount > 0 || pool.totalCount >= pool.options.max) return connect();
  const gate = gates.get(database);
  const now = performance.now();
  if (gate && now < gate.opensAt) throw gate.error;
  if (gate) gate.opensAt = now + gate.delays.next().value; // one of those that wait here tries, not all
  try {
    const connected = await connect();
    gates.delete(database);
    return connected;
  } catch (error) {
    const delays = gate?.delays ?? backOff(pauses);
    gates.set(database, { delays, error, opensAt: performance.now() + delays.next().value });
    throw error;
  }
}

const gates = new WeakMap<
  DataSource,
  { delays: Generator<number, never>; error: unknown; opensAt: number }
>();

const poolOf = (database: DataSource): Pool => (database.driver as unknown as { master: Pool }).master;
