import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { bad, ok, warn, type Finding } from './finding.js';

const gigabyte = 1e9;
/** What a start takes: its own and two databases' first gigabyte of logs and data. */
const disk = { bad: 0.5, warn: 2 };
/** Two Postgres, RabbitMQ and four processes need about one. */
const memory = { warn: 1.5 };

/** @param version as `process.version`: v24.21.0 */
export function ofNode(version: string): Finding {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    return bad(
      'node',
      `${version} is too old`,
      'Install Node 20.19 or newer; 24 is what this is tested with.',
    );
  return ok('node', version);
}

/** @param directory where a start keeps its data */
export async function ofDisk(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  return diskFinding(bavail * bsize, directory);
}

export function diskFinding(bytes: number, directory: string): Finding {
  const says = `${(bytes / gigabyte).toFixed(1)} GB free in ${directory}`;
  const next = 'Make room there. A full disk loses nothing, but payments are refused until there is space.';
  if (bytes < disk.bad * gigabyte) return bad('disk', says, next);
  return bytes < disk.warn * gigabyte ? warn('disk', says, next) : ok('disk', says);
}

export function ofMemory(free = freemem(), total = totalmem()): Finding {
  const says = `${(free / gigabyte).toFixed(1)} of ${(total / gigabyte).toFixed(1)} GB are free`;
  return free < memory.warn * gigabyte
    ? warn('memory', says, 'Close something: two Postgres, RabbitMQ and four processes need about 1 GB.')
    : ok('memory', says);
}
