import type { Client } from 'pg';
import { shardCount } from '@paid-once/outbox';
import { setUpLedger } from '../../apps/ledger/src/set-up-ledger.js';
import { consume } from '../ledger/ledger-bench.js';
import type { Run } from '../rig/rounds.js';
import { say } from '../rig/say.js';
import type { BenchSystem } from '../rig/system.js';
import { connect, onDatabase } from './own-database.js';

const rememberedDays = 14;
const portion = 1_000_000;

/** Another ledger than the system's own, which stays without history: both can post what is in the queues, in turn. */
export class LedgerWithHistory {
  private readonly clients: Client[] = [];

  private constructor(
    readonly client: Client,
    private readonly env: Record<string, string>,
    private readonly adminUrl: string,
  ) {}

  /** Empty. The one that was made before is dropped. */
  static async create(system: BenchSystem): Promise<LedgerWithHistory> {
    const name = 'ledger_with_history';
    const adminUrl = await system.emptyDatabase(name, 'ledgerDb');
    const serviceUrl = onDatabase(system.env['PAID_ONCE_LEDGER_DB_URL'], name);
    const runId = await system.runId();
    await setUpLedger({ adminUrl, serviceUrl, lab: false, runId, shards: shardCount });
    const client = await connect(adminUrl);
    return new LedgerWithHistory(client, { PAID_ONCE_LEDGER_DB_URL: serviceUrl }, adminUrl);
  }

  /** As if so many messages had come over the last days: their ids are in the order of their time. */
  async remember(messages: number): Promise<void> {
    await this.client.query('SET synchronous_commit = off'); // of the filling only
    for (let first = 0; first < messages; first += portion) {
      const last = Math.min(first + portion, messages) - 1;
      await this.client.query(
        `INSERT INTO inbox_message (message_id, body_hash, received_at)
         SELECT (left(inbox_uuidv7_floor(at)::text, 15) || substr(gen_random_uuid()::text, 16))::uuid,
                sha256(int8send(i)), at
           FROM generate_series($1::bigint, $2::bigint) AS i
          CROSS JOIN LATERAL (SELECT now() - ($3 - i) * interval '${rememberedDays} days' / $3 AS at) AS received`,
        [first, last, messages],
      );
      say(`inbox: ${last + 1} messages`);
    }
    await this.client.query('VACUUM ANALYZE inbox_message');
    await this.client.query('CHECKPOINT');
  }

  /** Posts so many payments, as the system's own ledger does in `consume`. */
  async post(system: BenchSystem, messages: number, accounts: number): Promise<Run> {
    const before = await this.transfers();
    const run = await consume(system, 'dist/bench/ledger/ledger-program.js', messages, accounts, this.env);
    const posted = (await this.transfers()) - before;
    if (posted !== messages) throw new Error(`${messages} payments were sent, and ${posted} are posted`);
    return run;
  }

  /** A session of its own, for a transaction that is held open. */
  async session(): Promise<Client> {
    const client = await connect(this.adminUrl);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([this.client, ...this.clients].map((client) => client.end()));
  }

  private async transfers(): Promise<number> {
    const { rows } = await this.client.query<{ count: number }>('SELECT count(*)::int FROM transfer');
    return rows[0]?.count ?? NaN;
  }
}
