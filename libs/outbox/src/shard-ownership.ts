import { pause } from '@paid-once/service';
import pg from 'pg';
import { beatSql } from './sql/beat.js';
import { wakeChannel } from './wake-relays.js';

/** The server ends the session, and frees its locks, when it has heard nothing for so long. */
const idleSessionTimeoutMs = 5_000;
/** Without an answer for so long an owner stops publishing: before the server can have given its shards away. */
const sureForMs = 4_000;
const connectTimeoutMs = 2_000;
/** Beats are a second apart to the millisecond: without this, relays that lost the same server knock at it in step. */
const reconnectJitterMs = 500;

export const lockClass = 0x6f757462; // 'outb'
export const memberLock = 1_000_000; // beside the shards' numbers
/** Not of the relays' class: their beat counts the locks of theirs. */
export const retentionLock = [lockClass + 1, 0] as const;
export const rebaseLock = [lockClass + 1, 1] as const;
export const redriveLock = [lockClass + 1, 2] as const;

export interface ShardState {
  shard: number;
  held: boolean;
  ours: boolean;
  relays: number;
  has_work: boolean;
}

/**
 * Which shards are ours: session advisory locks on one direct connection, never through a pooler. A process that dies
 * frees them at once; one that hangs, or whose link is half-open, when the server misses its sign of life.
 */
export class ShardOwnership {
  private session: pg.Client | undefined;
  private answeredAt = -Infinity;
  private failed = false;

  /** @param onLost the session ended: nothing is ours any more */
  constructor(
    private readonly options: {
      url: string;
      applicationName: string;
      onWake: (shards: string | undefined) => void;
      onLost: () => void;
    },
  ) {}

  /** Whether the shards are certainly still ours. */
  get isSure(): boolean {
    return this.session !== undefined && performance.now() - this.answeredAt < sureForMs;
  }

  /**
   * The sign of life, each second or two: one statement, and one more when a shard is to be taken.
   * @param giveUp shards whose work has ended here
   * @returns every shard, as it is after this
   * @throws whatever keeps the database from answering; nothing is ours then
   */
  async beat(giveUp: number[]): Promise<ShardState[]> {
    const sentAt = performance.now();
    try {
      const session = (this.session ??= await this.connect());
      if (giveUp.length > 0)
        await session.query('SELECT pg_advisory_unlock($1, shard) FROM unnest($2::int[]) AS shard', [
          lockClass,
          giveUp,
        ]);
      const { rows: states } = await session.query<ShardState>(beatSql, [lockClass, memberLock]);
      const taken = await this.takeFree(
        session,
        states.filter(({ shard }) => !giveUp.includes(shard)),
      );
      if (this.session !== session) throw new Error('Connection terminated');
      this.answeredAt = sentAt;
      this.failed = false;
      return states.map((state) =>
        taken.has(state.shard) ? { ...state, held: true, ours: true, has_work: true } : state,
      );
    } catch (error) {
      this.failed = true;
      this.close();
      throw error;
    }
  }

  /** Frees everything. */
  close(): void {
    const session = this.session;
    this.session = undefined;
    if (!session) return;
    void session.end().catch(() => {});
    this.options.onLost();
  }

  private async connect(): Promise<pg.Client> {
    if (this.failed) await pause(Math.random() * reconnectJitterMs);
    const session = new pg.Client({
      connectionString: this.options.url,
      application_name: this.options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: sureForMs,
      statement_timeout: sureForMs,
      keepAlive: true,
      options: `-c idle_session_timeout=${idleSessionTimeoutMs} -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off`,
    });
    session.on('notification', ({ payload }) => this.options.onWake(payload));
    session.on('error', () => this.session === session && this.close());
    try {
      await session.connect();
      await session.query(`LISTEN ${wakeChannel}`);
      await session.query('SELECT pg_advisory_lock_shared($1, $2)', [lockClass, memberLock]);
      return session;
    } catch (error) {
      void session.end().catch(() => {});
      throw error;
    }
  }

  private async takeFree(session: pg.Client, states: ShardState[]): Promise<Set<number>> {
    const room = fairShare(states) - states.filter(({ ours }) => ours).length;
    const free = states.filter(({ held }) => !held).map(({ shard }) => shard);
    if (room <= 0 || free.length === 0) return new Set();
    const { rows } = await session.query<{ shard: number }>(
      `SELECT shard FROM unnest($2::int[]) AS shard WHERE pg_try_advisory_lock($1, shard)`,
      [lockClass, free.slice(0, room)],
    );
    return new Set(rows.map(({ shard }) => shard));
  }
}

/** How many shards one relay holds when all have as many. */
export function fairShare(states: ShardState[]): number {
  return Math.ceil(states.length / Math.max(1, states[0]?.relays ?? 1));
}
