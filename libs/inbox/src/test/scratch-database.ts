import { randomBytes, randomUUID } from 'node:crypto';
import { postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { inboxEntities, inboxMigrations } from '../inbox-entities.js';

/** A database of its own with an inbox in it, on the test server. */
export class ScratchDatabase {
  readonly runId = randomUUID();
  private readonly opened: DataSource[] = [];

  private constructor(
    readonly url: string,
    private readonly server: DataSource,
    private readonly name: string,
  ) {}

  static async create(): Promise<ScratchDatabase> {
    const serverUrl = process.env['TEST_LEDGER_ADMIN_URL'];
    if (!serverUrl) throw new Error('the test servers are not running: TEST_LEDGER_ADMIN_URL is not set');
    const server = new DataSource({ type: 'postgres', url: serverUrl, installExtensions: false });
    await server.initialize();
    const name = `inbox_${randomBytes(6).toString('hex')}`;
    await server.query(`CREATE DATABASE ${name}`);
    const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
    const scratch = new ScratchDatabase(url, server, name);
    const database = await scratch.open(url);
    await database.runMigrations();
    await database.query('INSERT INTO inbox_settings (run_id, shards) VALUES ($1, 1)', [scratch.runId]);
    return scratch;
  }

  async open(url = this.url, timeoutMs?: number): Promise<DataSource> {
    const options = postgresOptions({
      url,
      ...(timeoutMs && { timeoutMs }),
      process: 'test',
      poolSize: 8,
      entities: inboxEntities,
      migrations: inboxMigrations,
    });
    const database = await new DataSource(options).initialize();
    this.opened.push(database);
    return database;
  }

  async drop(): Promise<void> {
    for (const database of this.opened) await database.destroy();
    await this.server.query(`DROP DATABASE ${this.name} WITH (FORCE)`);
    await this.server.destroy();
  }
}
