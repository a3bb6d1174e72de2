import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  ensurePostgresTools,
  startPostgres,
  throwAwayDirectory,
  type PostgresInstallation,
  type PostgresServer,
} from '@paid-once/infrastructure';
import { Client } from 'pg';

const run = promisify(execFile);

/** Postgres servers of one version with their tools, for dumps and restores. */
export class DebianPostgres {
  private constructor(
    private readonly installation: PostgresInstallation,
    private readonly place: Awaited<ReturnType<typeof throwAwayDirectory>>,
    private readonly servers: PostgresServer[] = [],
  ) {}

  /** @returns why it cannot be had here, if so; undefined when it can */
  static async whyNot(): Promise<string | undefined> {
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    const install = process.env.PAID_ONCE_INSTALL === 'never' ? 'never' : 'auto';
    return ensurePostgresTools(say, install).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  static async create(): Promise<DebianPostgres> {
    return new DebianPostgres(await ensurePostgresTools(() => {}), await throwAwayDirectory('debian'));
  }

  /** A new cluster, with a system identifier of its own. */
  async start(name: string): Promise<PostgresServer> {
    const server = await startPostgres({
      directory: join(this.place.path, name),
      durable: false,
      binaries: this.installation.directory,
    });
    this.servers.push(server);
    return server;
  }

  /** As an administrator's nightly backup: the roles, without the administrator's own, and the database. */
  async dump(server: PostgresServer, database: string): Promise<{ roles: string; file: string }> {
    const file = join(this.place.path, `${database}.dump`);
    const { stdout: roles } = await this.tool(
      'pg_dumpall',
      '--globals-only',
      '-d',
      server.adminUrl('postgres'),
    );
    await this.tool('pg_dump', '--format=custom', `--file=${file}`, '-d', server.adminUrl(database));
    return {
      roles: roles
        .split('\n')
        .filter((line) => /^(CREATE|ALTER) ROLE (?!admin)/.test(line))
        .join('\n'),
      file,
    };
  }

  async restore(
    server: PostgresServer,
    database: string,
    dump: { roles: string; file: string },
  ): Promise<void> {
    await server.createDatabase(database);
    const client = new Client({ connectionString: server.adminUrl('postgres') });
    await client.connect();
    await client.query(dump.roles);
    await client.end();
    await this.tool('pg_restore', '--exit-on-error', '-d', server.adminUrl(database), dump.file);
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop({ quick: true })));
    await this.place.remove();
  }

  private tool(name: string, ...args: string[]) {
    return run(join(this.installation.directory, 'bin', name), args);
  }
}
