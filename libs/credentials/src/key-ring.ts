import { readApiKey } from '@paid-once/contracts';
import { DatabaseUnavailable, reading, Unauthenticated, type Caller } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { ApiKey } from './api-key.entity.js';
import { isSecretOf } from './secret.js';

/** A key that was revoked may still be used for so long. */
const knownForMs = 5_000;
/** Ids of keys in memory; of those above the oldest go. */
const mostKnown = 10_000;

/** Tells who sends a request. */
export interface Callers {
  /**
   * @param authorization the header
   * @throws Unauthenticated
   */
  of(authorization: string | undefined): Caller | Promise<Caller>;
}

/** In lab mode: whoever comes may do everything. */
export const anybody: Callers = {
  of: () => ({ client: 'anonymous', scopes: everything }),
};
const everything: Caller['scopes'] = new Set(['pay', 'read', 'operate'] as const);

/** The keys of the database, each looked up once in a while. */
export class KeyRing implements Callers {
  private readonly known = new Map<string, Known>();
  /** Headers that were good, until they are to be looked at again: a client sends the same one each time. */
  private readonly good = new Map<string, { caller: Caller; until: number }>();

  /** Many requests of a client come at once: one of them asks. */
  private readonly asked = new Map<string, Promise<Known>>();

  constructor(private readonly database: DataSource) {}

  of(authorization: string | undefined): Caller | Promise<Caller> {
    const good = this.good.get(authorization ?? '');
    if (good && performance.now() < good.until) return good.caller;
    const [, text = ''] = /^Bearer (.*)$/i.exec(authorization ?? '') ?? [];
    const key = readApiKey(text);
    if (!key) throw new Unauthenticated();
    const known = this.known.get(key.id);
    if (known && performance.now() < known.until) return callerOf(known, key.secret);
    return this.lookUpOnce(key.id, known).then((found) => {
      const caller = callerOf(found, key.secret);
      remember(this.good, authorization ?? '', { caller, until: found.until });
      return caller;
    });
  }

  private lookUpOnce(id: string, before: Known | undefined): Promise<Known> {
    const asked = this.asked.get(id) ?? this.lookUp(id, before).finally(() => this.asked.delete(id));
    this.asked.set(id, asked);
    return asked;
  }

  private async lookUp(id: string, before: Known | undefined): Promise<Known> {
    try {
      const row = await reading(this.database, (db) => db.getRepository(ApiKey).findOneBy({ id }));
      const found = {
        key: row?.revokedAt === null ? kept(row) : undefined,
        until: performance.now() + knownForMs,
      };
      remember(this.known, id, found);
      return found;
    } catch (error) {
      // Away: whoever was known goes on being known. What a service can still do without its database, it does.
      if (before && error instanceof DatabaseUnavailable) return before;
      throw error;
    }
  }
}

/** As the newest of its map; the oldest goes when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.size > mostKnown ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}

interface Known {
  /** Undefined: there is none, or it was revoked. */
  key: { caller: Caller; secretHash: Buffer } | undefined;
  until: number;
}

function kept({ client, scopes, secretHash }: ApiKey): NonNullable<Known['key']> {
  return { caller: { client, scopes: new Set(scopes) }, secretHash };
}

function callerOf({ key }: Known, secret: string): Caller {
  if (!key || !isSecretOf(secret, key.secretHash)) throw new Unauthenticated();
  return key.caller;
}
