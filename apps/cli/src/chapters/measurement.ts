import { writeFile } from 'node:fs/promises';
import { availableParallelism, release, totalmem, type } from 'node:os';
import { impatientClient } from '../impatient-client.js';
import type { Stack } from '../stack/start-stack.js';
import type { ChapterResult } from './chapter-result.js';

/** Everything that was measured, and on what: what is saved, and what the README's table is made from. */
export interface Measurement {
  /** ISO 8601. */
  date: string;
  machine: Machine;
  /** With the same seed the dice fall the same. */
  seed: number;
  rows: number;
  /** In words. */
  faults: readonly string[];
  chapters: readonly ChapterResult[];
  alternatives: object;
}

export interface Machine {
  cpus: number;
  /** As "23 GiB". */
  memory: string;
  node: string;
  postgres: string;
  rabbitmq: string;
  os: string;
}

/** With the versions of the servers that a copy has of its own. */
export async function thisMachine({ servers }: Pick<Stack, 'servers'>): Promise<Machine> {
  if (servers === undefined) throw new Error('Bug: the chapters need servers of their own');
  const { paymentsDb, broker } = servers;
  return {
    cpus: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.versions.node,
    postgres: await postgresVersion(paymentsDb.adminUrl('payments')),
    rabbitmq: (await broker.ctl(['eval', 'rabbit_misc:version().'])).trim().replaceAll('"', ''),
    os: `${type()} ${release().split('-')[0]}`, // what follows is whoever built the kernel
  };
}

export async function save(measurement: Measurement, file: string): Promise<void> {
  await writeFile(file, `${JSON.stringify(measurement, undefined, 2)}\n`);
}

async function postgresVersion(url: string): Promise<string> {
  const client = impatientClient(url, 30_000);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  } finally {
    await client.end();
  }
}
