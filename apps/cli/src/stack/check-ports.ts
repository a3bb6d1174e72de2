import { isFree, portHolder } from '@paid-once/infrastructure';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { CliSettings } from '../settings.js';

/**
 * Makes sure that every port is free, before anything is started.
 * @throws CliFailure naming all that are taken, who holds them, and the variables that move them
 */
export async function checkPorts(ports: CliSettings['ports']): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports)) {
    const by = await takenBy(port);
    if (by === undefined) continue;
    const variable = `PAID_ONCE_${name.toUpperCase()}_PORT`;
    taken.push(
      `Port ${port} (${what[name as keyof typeof what]}) is taken by ${by}. Stop it, or set ${variable} to another port.`,
    );
  }
  if (taken.length === 0) return;
  throw new CliFailure(
    exitCodes.unreachable,
    taken.join('\n'),
    'Nothing was started.',
    'npx paid-once status shows whether paid-once runs already.',
  );
}

/** Who has a port, for people; undefined: nobody. */
export async function takenBy(port: number): Promise<string | undefined> {
  if (await isFree(port)) return undefined;
  const holder = await portHolder(port);
  return holder === undefined ? 'another process' : `${programName(holder.name)} (process ${holder.pid})`;
}

const what: Record<keyof CliSettings['ports'], string> = {
  payments: 'the payments service',
  ledger: 'the ledger service',
  relay: 'the relay',
  link: 'the link "payment"',
  toxiproxy: 'the control of the links',
  console: 'the console',
};

/** Node names its main thread, and Linux then calls the process so. */
function programName(name: string): string {
  return name === 'MainThread' ? 'node' : name;
}
