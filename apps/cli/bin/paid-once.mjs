#!/usr/bin/env node
// The one entry: builds what is not built, picks a Node that can run it, and hands over to dist/apps/cli/src/main.js.
// Plain JavaScript for old Nodes too, and silent on stdout: that belongs to the verb.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildIfStale, BuildFailed } from './build.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const oldestNode = 22;
/** Through this descriptor a launcher that had to start a newer Node holds it: when it ends, so does the launched. */
const lifeline = 3;

const bundledNode = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

if (Number.parseInt(process.versions.node, 10) < oldestNode) launchNewerNode();
else await run();

function launchNewerNode() {
  if (!existsSync(bundledNode)) {
    console.error(
      `paid-once needs Node ${oldestNode} or newer; this is ${process.version}, and npm brought none along.`,
    );
    console.error('Nothing was started. Next: npm install (without --omit=optional), or a newer Node.');
    process.exit(3);
  }
  const child = spawn(bundledNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, PAID_ONCE_LAUNCHED: '1' },
  });
  // The launched one decides what a signal means; this one waits for it. A terminal's Ctrl-C reaches it twice then.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.stdio[lifeline].on('error', () => {});
  child.on('error', (error) => {
    console.error(`${bundledNode} cannot be started: ${error.message}`);
    process.exit(3);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

async function run() {
  if (process.env.PAID_ONCE_LAUNCHED === '1') {
    delete process.env.PAID_ONCE_LAUNCHED; // what this process starts has a lifeline of its own
    const launcher = new Socket({ fd: lifeline });
    launcher.on('end', () => process.kill(process.pid, 'SIGTERM')).on('error', () => {});
    launcher.resume();
    launcher.unref();
  }
  try {
    await buildIfStale(root, existsSync(bundledNode) ? bundledNode : process.execPath);
  } catch (error) {
    if (!(error instanceof BuildFailed)) throw error;
    console.error(error.message);
    process.exit(3);
  }
  const { main } = await import(pathToFileURL(join(root, 'dist/apps/cli/src/main.js')).href);
  process.exitCode = await main(process.argv);
  // A server that accepted a connection and never answered must not keep a verb alive that has given it up.
  setTimeout(() => process.exit(), 500).unref();
}
