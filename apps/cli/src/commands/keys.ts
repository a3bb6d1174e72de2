import { scopes, type Scope } from '@paid-once/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { counted } from '../output/words.js';
import { issueKey, listKeys, revokeKey } from '../set-up/manage-keys.js';
import { addGroup, addVerb, type Run } from '../verb.js';

/** Who may call the services. As an administrator: the databases are asked, not the services. */
export function addKeys(program: Command, run: Run): void {
  const group = addGroup(program, { name: 'keys', does: 'API keys: who may pay, read and operate' });
  addVerb(group, {
    name: 'issue',
    does: 'make a key for a client; it is shown once',
    examples: [
      ['keys issue --client shop', 'may pay, and read its own payments'],
      ['keys issue --client ann --scopes operate', 'may do everything else, on both sides'],
      ['keys issue --client shop --json | jq -r .key', 'for scripts'],
    ],
  })
    .requiredOption(
      '--client <name>',
      'whose payments and idempotency keys are one; several keys may be of one client',
      clientName,
    )
    .option('--scopes <list>', `of ${scopes.join(', ')}`, scopeList, ['pay', 'read'] as Scope[])
    .action((flags: { json?: true; client: string; scopes: Scope[] }) =>
      run(flags.json === true, async ({ out, env }) => {
        const { key, id } = await issueKey(env, flags);
        out.result({ key, id, client: flags.client, scopes: flags.scopes });
        out.say(key);
        out.say(`It is shown this once. Send it as: Authorization: Bearer ${key.slice(0, 10)}…`);
        out.next(
          `PAID_ONCE_API_KEY=… npx paid-once status, and npx paid-once keys revoke ${id} when it is not needed any more`,
        );
        return exitCodes.done;
      }),
    );
  addVerb(group, {
    name: 'list',
    does: 'which keys there are, without their secrets',
    examples: [['keys list', 'ids, clients, scopes, and what was revoked when']],
  }).action((flags: { json?: true }) =>
    run(flags.json === true, async ({ out, env }) => {
      const keys = await listKeys(env);
      out.result({ keys });
      out.say(`${counted(keys.length, 'key')}.`);
      for (const { id, client, scopes: allowed, issuedAt, revokedAt, knownTo } of keys)
        out.say(
          `  ${id}  ${client}  ${allowed.join(',')}  ${knownTo.join('+')}  ${revokedAt ? `revoked ${revokedAt}` : `since ${issuedAt}`}`,
        );
      return exitCodes.done;
    }),
  );
  addVerb(group, {
    name: 'revoke',
    does: 'let a key open nothing any more',
    examples: [['keys revoke 0123456789abcdef', 'within five seconds, on every process']],
  })
    .argument('<id>', 'the 16 characters after po_', keyId)
    .action((id: string, flags: { json?: true }) =>
      run(flags.json === true, async ({ out, env }) => {
        const found = await revokeKey(env, id);
        out.result({ id, revoked: found });
        out.say(
          found ? `✓ ${id} opens nothing any more, from five seconds from now on.` : `There is no key ${id}.`,
        );
        return found ? exitCodes.done : exitCodes.differ;
      }),
    );
}

function clientName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text))
    throw new InvalidArgumentError('It is 1 to 64 letters, digits, _ or -.');
  return text;
}

function scopeList(text: string): Scope[] {
  const given = text.split(',');
  const known = given.filter((scope): scope is Scope => (scopes as readonly string[]).includes(scope));
  if (known.length < given.length)
    throw new InvalidArgumentError(`They are ${scopes.join(', ')}, with commas.`);
  return [...new Set(known)];
}

function keyId(text: string): string {
  if (!/^[0-9a-f]{16}$/.test(text)) throw new InvalidArgumentError('It is 16 characters of 0-9 and a-f.');
  return text;
}
