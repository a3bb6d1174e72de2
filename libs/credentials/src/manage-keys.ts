import { newApiKey, readApiKey, type Scope } from '@paid-once/contracts';
import type { EntityManager } from 'typeorm';
import { ApiKey } from './api-key.entity.js';
import { hashOf } from './secret.js';

export interface IssuedKey {
  id: string;
  client: string;
  scopes: Scope[];
  issuedAt: Date;
  revokedAt: Date | null;
}

/**
 * Lets whoever knows this key do what the scopes say, as this client. Doing it again changes nothing.
 * @param key a new one where it is not given; it can never be shown again
 * @throws Error the key has not the form of one, was revoked, or is there with another client, scopes or secret
 */
export async function issueKey(
  db: EntityManager,
  { client, scopes, key = newApiKey() }: { client: string; scopes: Scope[]; key?: string },
): Promise<{ key: string; id: string }> {
  const parts = readApiKey(key);
  if (!parts) throw new Error('this is no API key: paid-once keys issue makes one');
  const secretHash = hashOf(parts.secret);
  await db.query(
    `INSERT INTO api_key (id, client, secret_hash, scopes)
     VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING`,
    [parts.id, client, secretHash, scopes],
  );
  const found = await db.getRepository(ApiKey).findOneByOrFail({ id: parts.id });
  if (found.revokedAt !== null) throw new Error(`key ${parts.id} was revoked: issue another one`);
  if (!found.secretHash.equals(secretHash)) throw new Error(`key ${parts.id} is there with another secret`);
  if (found.client !== client || found.scopes.toSorted().join() !== scopes.toSorted().join())
    throw new Error(
      `key ${parts.id} is there already, of ${found.client} for ${found.scopes.join(', ')}: nothing was changed; take another key`,
    );
  return { key, id: parts.id };
}

export async function listKeys(db: EntityManager): Promise<IssuedKey[]> {
  const keys = await db.getRepository(ApiKey).find({ order: { issuedAt: 'ASC', id: 'ASC' } });
  return keys.map(({ id, client, scopes, issuedAt, revokedAt }) => ({
    id,
    client,
    scopes,
    issuedAt,
    revokedAt,
  }));
}

/** @returns whether there is such a key; revoked before it stays so */
export async function revokeKey(db: EntityManager, id: string): Promise<boolean> {
  await db.query('UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL', [
    id,
  ]);
  return db.getRepository(ApiKey).existsBy({ id });
}

/** Lets this key alone speak for a client from now on, such as a service whose key was replaced. */
export async function replaceKeys(
  db: EntityManager,
  { client, scopes, key }: { client: string; scopes: Scope[]; key: string },
): Promise<void> {
  const { id } = await issueKey(db, { client, scopes, key });
  await db.query(
    'UPDATE api_key SET revoked_at = clock_timestamp() WHERE client = $1 AND id <> $2 AND revoked_at IS NULL',
    [client, id],
  );
}
