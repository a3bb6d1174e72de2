import { execFile } from 'node:child_process';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  startPostgres,
  throwAwayDirectory,
  unprivilegedUser,
  type PostgresServer,
} from '@paid-once/infrastructure';
import { Client } from 'pg';

const run = promisify(execFile);

/** A primary and a standby that follows it by streaming replication, started from a cold copy of the primary's data. */
export class PrimaryAndStandby {
  private constructor(
    readonly primary: PostgresServer,
    readonly standby: PostgresServer,
    private readonly place: Awaited<ReturnType<typeof throwAwayDirectory>>,
  ) {}

  /** @param synchronous whether a COMMIT is answered only after the standby has it, too */
  static async create({ synchronous }: { synchronous: boolean }): Promise<PrimaryAndStandby> {
    const place = await throwAwayDirectory('replica');
    const [here, there] = [join(place.path, 'primary'), join(place.path, 'standby')];
    const first = await startPostgres({ directory: here, durable: false });
    await first.stop();
    await run('cp', ['-a', here, there]);
    const signal = join(there, 'data/standby.signal');
    await writeFile(signal, '');
    const user = unprivilegedUser();
    if (user) await chown(signal, user.uid, user.gid);
    const primary = await startPostgres({
      directory: here,
      durable: false,
      settings: { synchronous_standby_names: synchronous ? '*' : '' },
    });
    const { port, username, password } = new URL(primary.adminUrl('postgres'));
    const standby = await startPostgres({
      directory: there,
      durable: false,
      settings: {
        primary_conninfo: `host=127.0.0.1 port=${port} user=${username} password=${decodeURIComponent(password)}`,
      },
    });
    return new PrimaryAndStandby(primary, standby, place);
  }

  /** Until the standby is a primary of its own. */
  async promote(): Promise<void> {
    const client = new Client({ connectionString: this.standby.adminUrl('postgres') });
    await client.connect();
    await client.query('SELECT pg_promote()');
    await client.end();
  }

  async remove(): Promise<void> {
    await Promise.all([this.primary, this.standby].map((server) => server.stop({ quick: true })));
    await this.place.remove();
  }
}
