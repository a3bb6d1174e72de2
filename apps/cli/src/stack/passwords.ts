import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newApiKey } from '@paid-once/contracts';
import { z } from 'zod';

const passwords = z.object({
  payments: z.string(),
  relay: z.string(),
  ledger: z.string(),
  paymentsRetention: z.string(),
  ledgerRetention: z.string(),
  relayAmqp: z.string(),
  ledgerAmqp: z.string(),
  paymentsAmqp: z.string(),
  relayLedgerKey: z.string(),
});
/** What the services log in with, by role. */
export type Passwords = z.infer<typeof passwords>;

export function randomPasswords(): Passwords {
  const random = () => randomBytes(18).toString('base64url');
  return {
    payments: random(),
    relay: random(),
    ledger: random(),
    paymentsRetention: random(),
    ledgerRetention: random(),
    relayAmqp: random(),
    ledgerAmqp: random(),
    paymentsAmqp: random(),
    relayLedgerKey: newApiKey(),
  };
}

/** The state directory's passwords: made once, readable by its owner alone. */
export async function passwordsIn(directory: string): Promise<Passwords> {
  const path = join(directory, 'passwords.json');
  try {
    return passwords.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // Not there yet, or not whole: setup gives every role the new ones.
    const made = randomPasswords();
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(path, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
}
