import { scopes, type Scope } from '@paid-once/contracts';
import { z } from 'zod';
import { builtProgram } from '../checkout.js';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { runOneShot } from './run-setup-program.js';

type Side = 'payments' | 'ledger';

const issued = z.object({ key: z.string(), id: z.string() });
const listed = z.array(
  z.object({
    id: z.string(),
    client: z.string(),
    scopes: z.array(z.enum(scopes)),
    issuedAt: z.string(),
    revokedAt: z.string().nullable(),
  }),
);
const revoked = z.object({ revoked: z.boolean() });

/**
 * Makes a key and lets payments know it; the ledger, too, if it is for whoever operates both.
 * @throws CliFailure
 */
export async function issueKey(
  env: NodeJS.ProcessEnv,
  { client, scopes: allowed }: { client: string; scopes: Scope[] },
): Promise<z.infer<typeof issued>> {
  const args = ['issue', '--client', client, '--scopes', allowed.join(',')];
  const { PAID_ONCE_API_KEY: _mine, ...others } = env; // not the caller's own: a new one
  const made = issued.parse(await run('payments', args, others));
  if (allowed.includes('operate')) await run('ledger', args, { ...env, PAID_ONCE_API_KEY: made.key });
  return made;
}

/** Every key, with the sides that know it. @throws CliFailure */
export async function listKeys(env: NodeJS.ProcessEnv) {
  const [payments, ledger] = await Promise.all(
    (['payments', 'ledger'] as const).map(async (side) => listed.parse(await run(side, ['list'], env))),
  );
  const sides = (id: string) => [
    ...(payments?.some((key) => key.id === id) ? ['payments'] : []),
    ...(ledger?.some((key) => key.id === id) ? ['ledger'] : []),
  ];
  const all = new Map([...(ledger ?? []), ...(payments ?? [])].map((key) => [key.id, key]));
  return [...all.values()].map((key) => ({ ...key, knownTo: sides(key.id) }));
}

/** Wherever it is known. @throws CliFailure; one side may know of it by then, and the other not */
export async function revokeKey(env: NodeJS.ProcessEnv, id: string): Promise<boolean> {
  let found = false;
  for (const side of ['payments', 'ledger'] as const)
    found = revoked.parse(await run(side, ['revoke', id], env)).revoked || found;
  return found;
}

const badSettings = 78;

async function run(side: Side, args: string[], env: NodeJS.ProcessEnv): Promise<unknown> {
  const { code, stdout, said } = await runOneShot(builtProgram(side, 'keys'), args, env);
  if (code === 0) return JSON.parse(stdout);
  throw new CliFailure(
    code === badSettings ? exitCodes.usage : exitCodes.unreachable,
    `The keys of ${side} cannot be managed: ${said.replace(/^keys: /, '')}`,
    'No payment was touched.',
    'PAID_ONCE_PAYMENTS_ADMIN_DB_URL and PAID_ONCE_LEDGER_ADMIN_DB_URL are to be the owners of the databases; npx paid-once setup makes the tables. What was done on one side is done: repeat it.',
  );
}
