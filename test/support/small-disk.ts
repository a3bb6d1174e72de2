import { spawnSync } from 'node:child_process';
import { chown, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  startPostgres,
  throwAwayDirectory,
  unprivilegedUser,
  type PostgresServer,
  type ThrowAwayDirectory,
} from '@paid-once/infrastructure';

/** In MiB: enough for a new cluster with three databases, or for three segments of its log. */
const sizes = { data: 128, wal: 50 };

/** A Postgres with its data, or its write-ahead log, on a file system of its own that can be filled to the last page. */
export class SmallDisk {
  private constructor(
    readonly server: PostgresServer,
    private readonly place: ThrowAwayDirectory,
    private readonly mountPoint: string,
  ) {}

  /** @param holds what lies on the small disk; the other one is where there is space */
  static async create(holds: 'data' | 'wal'): Promise<SmallDisk> {
    const place = await throwAwayDirectory('disk');
    const mountPoint = join(place.path, 'small');
    await ownDirectory(mountPoint);
    const { uid = process.getuid?.(), gid = process.getgid?.() } = unprivilegedUser() ?? {};
    run(
      'mount',
      '-t',
      'tmpfs',
      '-o',
      `size=${sizes[holds]}m,uid=${uid},gid=${gid},mode=700`,
      'tmpfs',
      mountPoint,
    );
    try {
      const roomy = join(place.path, 'roomy');
      await ownDirectory(roomy);
      const directory = join(holds === 'data' ? mountPoint : roomy, 'postgres');
      const server = await startPostgres({
        directory,
        durable: false,
        // Few and small segments; what is freed is not kept for later.
        settings: { max_wal_size: '32MB', min_wal_size: '32MB', wal_recycle: 'off', wal_init_zero: 'on' },
      });
      await server.stop();
      const log = join(directory, 'data/pg_wal');
      const elsewhere = join(holds === 'data' ? roomy : mountPoint, 'wal');
      await copyTree(log, elsewhere);
      await symlink(elsewhere, log);
      await server.restart();
      return new SmallDisk(server, place, mountPoint);
    } catch (error) {
      run('umount', mountPoint);
      await place.remove();
      throw error;
    }
  }

  /** Not one page is left. */
  async fill(): Promise<void> {
    const file = await open(join(this.mountPoint, 'filler'), 'w');
    try {
      for (let chunk = 2 ** 20; chunk >= 4_096;) {
        const written = await file.write(Buffer.alloc(chunk)).then(
          ({ bytesWritten }) => bytesWritten,
          () => 0,
        );
        if (written < chunk) chunk /= 2;
      }
    } finally {
      await file.close();
    }
  }

  async makeSpace(): Promise<void> {
    await rm(join(this.mountPoint, 'filler'), { force: true });
  }

  async remove(): Promise<void> {
    await this.server.stop({ quick: true });
    run('umount', this.mountPoint);
    await this.place.remove();
  }
}

async function ownDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  const user = unprivilegedUser();
  if (user) await chown(path, user.uid, user.gid);
}

/** To another file system, where a rename does not reach; `cp` keeps the owner. */
async function copyTree(from: string, to: string): Promise<void> {
  if ((await readdir(from)).length === 0) throw new Error(`Bug: ${from} is empty`);
  run('cp', '-a', from, to);
  await rename(from, `${from}.moved`);
  await rm(`${from}.moved`, { recursive: true });
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
