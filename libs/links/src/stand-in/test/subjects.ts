import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startStandIn } from '../start-stand-in.js';
import { givenClient, givenServer } from './settings.js';

/** A server that is held to the contract. */
export interface Subject {
  name: string;
  /** Where the stand-in does better than the original, on purpose. */
  isOriginal: boolean;
  start: () => Promise<{ url: string; stop: () => Promise<void> }>;
}

export const standIn: Subject = {
  name: 'the stand-in',
  isOriginal: false,
  start: () => startStandIn({ port: 0 }),
};

const version = '2.12.0';
const image = `ghcr.io/shopify/toxiproxy:${version}`;

/** Toxiproxy itself: TOXIPROXY_BINARY, or the binary out of its image where Docker has it; else why not. */
export function original(): Subject | { missing: string } {
  const binary = givenServer() ?? fromImage('toxiproxy', 'TOXIPROXY_BINARY');
  if (typeof binary !== 'string') return binary;
  return { name: `Toxiproxy (${binary})`, isOriginal: true, start: () => startBinary(binary) };
}

/** Toxiproxy's command-line client: TOXIPROXY_CLI, or the binary out of the image; else why not. */
export function originalClient(): string | { missing: string } {
  return givenClient() ?? fromImage('toxiproxy-cli', 'TOXIPROXY_CLI');
}

function fromImage(program: 'toxiproxy' | 'toxiproxy-cli', variable: string): string | { missing: string } {
  if (process.platform !== 'linux') return { missing: `${variable} is not set` };
  const cache = fileURLToPath(new URL('../../../../../node_modules/.cache/paid-once', import.meta.url));
  const binary = join(cache, `${program}-${version}`);
  if (existsSync(binary)) return binary;
  const docker = (...args: string[]) =>
    execFileSync('docker', args, {
      encoding: 'utf8',
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    docker('image', 'inspect', image); // never pulls: a test does not download
    const container = docker('create', image);
    const copy = `${binary}.${process.pid}`; // another test may be at this too
    mkdirSync(cache, { recursive: true });
    docker('cp', `${container}:/${program}`, copy);
    docker('rm', container);
    renameSync(copy, binary);
    return binary;
  } catch {
    return { missing: `${variable} is not set, and Docker does not have ${image}` };
  }
}

async function startBinary(binary: string) {
  const port = await freePort();
  const child = spawn(binary, ['-host=127.0.0.1', `-port=${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const exited = once(child, 'exit');
  const deadlineMs = Date.now() + 10_000;
  while (!(await fetch(`${url}/version`).catch(() => undefined))) {
    if (Date.now() > deadlineMs) throw new Error(`${binary} does not answer at ${url}`);
    await delay(20);
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Bug: a TCP server has a port');
  return address.port;
}
