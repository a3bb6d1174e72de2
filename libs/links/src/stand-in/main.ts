import { readFile } from 'node:fs/promises';
import { isLoopback } from './addresses.js';
import { apiVersion } from './api.js';
import { readFlags } from './flags.js';
import { hangsOnStdin } from './settings.js';
import { startStandIn } from './start-stand-in.js';

/**
 * The stand-in as a program with Toxiproxy's flags. Whoever gives a -host outside loopback means it, as in a container:
 * then links listen where they are asked to as well.
 */
async function main(): Promise<void> {
  const { host, port, hosts, config, version, seed } = readFlags(process.argv.slice(2));
  if (version) return say(`toxiproxy-server version ${apiVersion} (paid-once stand-in)`);
  const standIn = await startStandIn({ port, host, hosts, anyInterface: !isLoopback(host), seed, say });
  say(`link control listens on ${standIn.url}`);
  // Exits by itself: an open standard input would keep the process alive.
  const stop = () => void standIn.stop().finally(() => process.exit());
  process.once('SIGINT', stop).once('SIGTERM', stop);
  if (hangsOnStdin()) process.stdin.once('end', stop).once('error', stop).resume();
  if (config !== undefined) await populateFrom(config, standIn.populate);
}

/** Like the original: what is wrong with the file is said, and the API stays up. */
async function populateFrom(
  file: string,
  populate: (json: string) => Promise<string | undefined>,
): Promise<void> {
  try {
    const refusal = await populate(await readFile(file, 'utf8'));
    if (refusal !== undefined) say(`${file}: ${refusal}`);
  } catch (error) {
    say(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
