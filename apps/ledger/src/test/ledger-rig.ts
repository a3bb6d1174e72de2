import { postgresOptions } from '@paid-once/service';
import { randomBytes, randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { ledgerEntities } from '../ledger-database.js';
import { setUpLedger, type LedgerSetup } from '../set-up-ledger.js';

/** A ledger's database of its own on the test server, set up as in earnest, and its role. */
export class LedgerRig {
  private readonly opened: DataSource[] = [];

  private constructor(
    readonly setup: LedgerSetup & { runId: string },
    private readonly server: DataSource,
    readonly admin: DataSource,
  ) {}

  static async create(options: { lab?: boolean; shards?: number; runId?: string } = {}): Promise<LedgerRig> {
    const serverUrl = process.env['TEST_LEDGER_ADMIN_URL'];
    if (!serverUrl) throw new Error('the test servers are not running: TEST_LEDGER_ADMIN_URL is not set');
    const server = await connect(serverUrl);
    const name = `ledger_${randomBytes(6).toString('hex')}`;
    await server.query(`CREATE DATABASE ${name}`);
    const adminUrl = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
    const serviceUrl = Object.assign(new URL(adminUrl), {
      username: name,
      password: randomBytes(9).toString('hex'),
    }).href;
    const setup = { adminUrl, serviceUrl, lab: false, runId: randomUUID(), shards: 4, ...options };
    await setUpLedger(setup);
    return new LedgerRig(setup, server, await connect(adminUrl));
  }

  /** As the service connects. */
  async open(url = this.setup.serviceUrl, timeoutMs?: number): Promise<DataSource> {
    const common = { process: 'test', poolSize: 8, entities: ledgerEntities };
    const options = postgresOptions({ url, ...common, ...(timeoutMs && { timeoutMs }) });
    const database = await new DataSource(options).initialize();
    this.opened.push(database);
    return database;
  }

  /** For tests in which many wait for each other's locks: however slow the machine, each gets its turn. */
  openPatient(): Promise<DataSource> {
    return this.open(this.setup.serviceUrl, 60_000);
  }

  async empty(): Promise<void> {
    await this.admin.query(
      'TRUNCATE inbox_message, transfer, transfer_link, account, parked_message, started_attempt, parked_intervention, parked_history',
    );
  }

  async drop(): Promise<void> {
    for (const database of [...this.opened, this.admin]) await database.destroy();
    const { username, pathname } = new URL(this.setup.serviceUrl);
    await this.server.query(`DROP DATABASE ${pathname.slice(1)} WITH (FORCE)`);
    await this.server.query(`DROP ROLE ${username}`);
    await this.server.destroy();
  }
}

async function connect(url: string): Promise<DataSource> {
  return await new DataSource({
    type: 'postgres',
    url,
    installExtensions: false,
    entities: ledgerEntities,
    extra: { options: '-c session_replication_role=replica' }, // a superuser, whom no trigger stops
  }).initialize();
}
