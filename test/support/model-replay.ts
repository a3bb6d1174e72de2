import { ledgerQueue, type PaymentEventType } from '@paid-once/contracts';
import { parkUnlessArrived, type Message } from '@paid-once/inbox';
import { inTransaction } from '@paid-once/service';
import type { DataSource, QueryRunner } from 'typeorm';
import { postTransfers } from '../../apps/ledger/src/post-transfers.js';
import { redrive } from '../../apps/ledger/src/redrive.js';
import type { LedgerRig } from '../../apps/ledger/src/test/ledger-rig.js';
import { messageOf, payment } from '../../apps/ledger/src/test/payment-messages.js';
import { removeInboxMessagesSql } from '../../libs/inbox/src/sql/remove-inbox-messages.js';
import { requestRedrive } from '../../libs/outbox/src/dead-letters.js';
import { enqueue } from '../../libs/outbox/src/enqueue.js';
import { HeldConnection } from '../../libs/outbox/src/held-connection.js';
import { intervene } from '../../libs/outbox/src/intervene.js';
import { requestReplay } from '../../libs/outbox/src/request-replay.js';
import { removeMessagesSql } from '../../libs/outbox/src/sql/remove-messages.js';
import type { OutboxDatabase } from '../../libs/outbox/src/test/outbox-database.js';
import {
  appendProgress,
  LostOwnership,
  openWindow,
  readSlice,
  takeShard,
  type Progress,
} from '../../libs/outbox/src/window.js';
import type { ModelMessage, ModelSnapshot, ModelState, ModelStep } from './model-runs.js';

const shards = [0, 1];
const who = { by: 'the model', why: 'a step of a run' };

/** What a relay has in memory of a shard. */
interface Held {
  connection: HeldConnection;
  progress: Progress;
  /** Real ids of rows that were sent and are not recorded. */
  sent: string[];
}

/** A row or transaction of the model, and what it is in the database. */
interface Written {
  id: string;
  messageId: string;
  event: number;
}

/**
 * Takes the steps of a run of the model in the libraries' own code, on real databases: one transaction for one, one statement
 * for one. What is the broker's is the model's own here: its state says which messages a ledger has in hand.
 */
export class ModelReplay {
  /** How often something happened that a run need not have. */
  readonly counts = {
    windowsFenced: 0,
    recordsFenced: 0,
    late: 0,
    dead: 0,
    behind: 0,
    repeated: 0,
    waiting: 0,
  };
  private readonly transactions = new Map<number, QueryRunner>();
  private readonly xids = new Map<number, string>();
  private readonly written = new Map<number, Written>();
  private readonly held = new Map<string, Held>();

  private constructor(
    private readonly outbox: OutboxDatabase,
    private readonly rig: LedgerRig,
    private readonly ledger: DataSource,
    /** Of the model's payments, in the order of these. */
    private readonly paymentIds: string[],
  ) {}

  /** As the model's `init`: nothing was written, nothing is visible in any base. */
  static async begin(outbox: OutboxDatabase, rig: LedgerRig, ledger: DataSource): Promise<ModelReplay> {
    await outbox.database.query(
      'TRUNCATE outbox_message, outbox_dead_letter, outbox_intervention, outbox_progress',
    );
    await outbox.database.query(
      `INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
       SELECT shard, 0, 0, '3:3:', 0 FROM generate_series(0, 3) AS shard`,
    );
    await rig.empty();
    await rig.admin.query('UPDATE inbox_window SET oldest = $1', [nil]);
    const ids = await outbox.database.query<{ id: string; shard: number }[]>(
      `SELECT id, outbox_shard(id) AS shard
         FROM generate_series(1, 100) AS n, concat('0192d3a0-0000-7000-9000-', lpad(to_hex(n), 12, '0')) AS id
        ORDER BY id`,
    );
    const paymentIds: string[] = [];
    for (const { id, shard } of ids)
      if (shard === (paymentIds.length + 1) % 2 && paymentIds.length < 3) paymentIds.push(id);
    return new ModelReplay(outbox, rig, ledger, paymentIds);
  }

  async end(): Promise<void> {
    for (const [, { connection }] of this.held) await connection.destroy();
    for (const [, transaction] of this.transactions) {
      await transaction.rollbackTransaction();
      await transaction.release();
    }
  }

  /** What is written, open, published up to, dead, posted and parked, in the model's words. */
  async seen(): Promise<object> {
    const { database } = this.outbox;
    const rows = await database.query<{ id: string }[]>('SELECT id FROM outbox_message');
    const dead = await database.query<{ id: string }[]>(
      'SELECT id FROM outbox_dead_letter WHERE dropped_at IS NULL',
    );
    const [xids, realXids] = [[...this.xids.keys()], [...this.xids.values()]];
    const progress = await database.query<(Seen & { after_id: string })[]>(
      `SELECT shard, seq::int, horizon IS NOT NULL AS open, after_id,
              ARRAY(SELECT n::int FROM unnest($1::text[]::xid8[]) WITH ORDINALITY AS known (xid, n)
                     WHERE pg_visible_in_snapshot(xid, base)) AS base,
              ARRAY(SELECT n::int FROM unnest($1::text[]::xid8[]) WITH ORDINALITY AS known (xid, n)
                     WHERE pg_visible_in_snapshot(xid, horizon)) AS horizon
         FROM (SELECT DISTINCT ON (shard) * FROM outbox_progress ORDER BY shard, seq DESC) AS newest
        WHERE shard < 2
        ORDER BY shard`,
      [realXids],
    );
    const inbox = await this.rig.admin.query<{ message_id: string }[]>(
      'SELECT message_id FROM inbox_message',
    );
    const posted = await this.rig.admin.query<{ payment_id: string; kind: string }[]>(
      'SELECT payment_id, kind FROM transfer ORDER BY id',
    );
    const parked = await this.rig.admin.query<{ message_id: string; waits: boolean }[]>(
      `SELECT DISTINCT message_id, reason = 'waiting-for' AS waits FROM parked_message`,
    );
    const messageIds = (some: { message_id: string }[]) =>
      sorted(some.map(({ message_id }) => this.idOf(message_id)));
    const visible = (numbers: number[]) => sorted(numbers.map((number) => xids[number - 1] ?? 0));
    this.counts.waiting += parked.filter(({ waits }) => waits).length;
    return {
      rows: sorted(rows.map(({ id }) => this.idOf(id))),
      dead: sorted(dead.map(({ id }) => this.idOf(id))),
      progress: progress.map(({ shard, seq, open, base, horizon, after_id: after }) => ({
        shard,
        seq,
        open,
        base: visible(base),
        horizon: open ? visible(horizon) : [],
        behind: open ? sorted(this.idsWhere(({ id }) => BigInt(id) <= BigInt(after))) : [],
      })),
      inbox: messageIds(inbox),
      posted: posted.map(
        ({ payment_id: id, kind }) => 10 * (this.paymentIds.indexOf(id) + 1) + (kind === 'reversal' ? 1 : 0),
      ),
      waiting: messageIds(parked.filter(({ waits }) => waits)),
      parked: messageIds(parked.filter(({ waits }) => !waits)),
    };
  }

  /** The same, as the model has it. */
  expected({ pg, books }: ModelState): object {
    const ids = (some: ModelMessage[]) => sorted(some.map(({ id }) => id));
    const visible = ({ xmax, xip }: ModelSnapshot) =>
      sorted([...this.xids.keys()].filter((xid) => xid < xmax && !xip.includes(xid)));
    return {
      rows: ids(pg.rows),
      dead: ids(pg.dead),
      progress: shards.map((shard) => {
        const { seq, open, base, horizon, after } = progressOf(pg, shard);
        const behind = open ? sorted([...this.written.keys()].filter((id) => id <= after)) : [];
        return { shard, seq, open, base: visible(base), horizon: open ? visible(horizon) : [], behind };
      }),
      inbox: sorted(books.inbox),
      posted: books.posted,
      waiting: ids(books.waiting),
      parked: ids(books.parked),
    };
  }

  /** @throws what the code does otherwise than the model */
  async take(step: ModelStep): Promise<void> {
    const { action, picks, before, after } = step;
    switch (action) {
      case 'begin':
        return await this.beginTransaction(before.pg.nextXid);
      case 'enqueue':
        return await this.enqueue(picks.t?.xid ?? 0, before.pg.nextId, picks.t?.event ?? 0);
      case 'commit':
      case 'rollback':
        return await this.endTransaction(picks.t?.xid ?? 0, action);
      case 'takeShard':
        return await this.takeShard(step);
      case 'nextWindow':
        return await this.nextWindow(step);
      case 'send':
        return await this.send(step);
      case 'record':
        return await this.record(step);
      case 'die':
        return await this.die(step);
      case 'giveUpSlice':
        this.heldBy(step).sent = [];
        return;
      case 'crashRelay':
        for (const shard of shards) await this.forget(`${picks.r},${shard}`);
        return;
      case 'redriveDead':
        return await this.intervene(step, ({ key }) =>
          requestRedrive(this.outbox.database, { keys: [key] }, who),
        );
      case 'replay':
        return await this.intervene(step, ({ id }) =>
          requestReplay(this.outbox.database, { ids: [id] }, who),
        );
      case 'post':
        return await this.post(step);
      case 'redriveParked':
        return await this.redriveParked(picks.message);
      case 'pruneOutbox':
        return await this.pruneOutbox(picks.row?.id ?? 0);
      case 'raiseWindow': {
        const bound = uuidAfter(this.writtenAs(after.books.oldest - 1).messageId);
        await this.rig.admin.query('UPDATE inbox_window SET oldest = $1, raised_at = clock_timestamp()', [
          bound,
        ]);
        return;
      }
      case 'pruneInbox':
        await this.rig.admin.query(removeInboxMessagesSql, [nil, 1_000, 0]);
        return;
      // Of clients, locks and the broker: no SQL of outbox or inbox is behind these.
      case 'repeat':
      case 'loseLock':
      case 'deliver':
      case 'ack':
      case 'loseChannel':
      case 'restartBroker':
      case 'crashLedger':
        return;
      default:
        throw new Error(`Bug: nobody has said what ${action} is in the code`);
    }
  }

  private async beginTransaction(xid: number): Promise<void> {
    const runner = this.outbox.database.createQueryRunner();
    await runner.startTransaction();
    const [row] = (await runner.query('SELECT pg_current_xact_id()::text AS xid')) as { xid: string }[];
    this.transactions.set(xid, runner);
    this.xids.set(xid, row?.xid ?? '');
  }

  private async enqueue(xid: number, id: number, event: number): Promise<void> {
    const runner = this.transactions.get(xid);
    if (!runner) throw new Error(`Bug: transaction ${xid} has not begun`);
    const key = this.paymentOf(event);
    await enqueue(runner.manager, [{ type: typeOf(event), key, payload: '{}' }]);
    const [row] = (await runner.query(
      'SELECT id, message_id FROM outbox_message WHERE xid = pg_current_xact_id()',
    )) as { id: string; message_id: string }[];
    this.written.set(id, { id: row?.id ?? '', messageId: row?.message_id ?? '', event });
  }

  private async endTransaction(xid: number, how: 'commit' | 'rollback'): Promise<void> {
    const runner = this.transactions.get(xid);
    this.transactions.delete(xid);
    await (how === 'commit' ? runner?.commitTransaction() : runner?.rollbackTransaction());
    await runner?.release();
  }

  private async takeShard({ picks: { r, shard = 0 } }: ModelStep): Promise<void> {
    const connection = await HeldConnection.open(this.outbox.relay);
    this.held.set(`${r},${shard}`, { connection, progress: await takeShard(connection, shard), sent: [] });
  }

  private async nextWindow(step: ModelStep): Promise<void> {
    const { connection, progress, sent } = this.heldBy(step);
    if (progress.horizon !== null) {
      const [row] = await readSlice(connection, progress, sent.at(-1) ?? progress.after_id, 1);
      if (row) throw new Error(`the window goes on with ${this.idOf(row.id)}`);
    }
    await this.asOwner(step, async (held) => {
      held.progress = await openWindow(connection, progress);
      held.sent = [];
    });
  }

  private async send(step: ModelStep): Promise<void> {
    const held = this.heldBy(step);
    const [row] = await readSlice(
      held.connection,
      held.progress,
      held.sent.at(-1) ?? held.progress.after_id,
      1,
    );
    const wanted = step.after.relays[placeOf(step)]?.sent.at(-1);
    const read = row && { id: this.idOf(row.id), dead: row.dead };
    if (read?.id !== wanted?.id || read?.dead !== (wanted?.fate === 'dead'))
      throw new Error(`the slice begins with ${JSON.stringify(read)}, not with ${JSON.stringify(wanted)}`);
    const { written } = this;
    const isLate = step.before.pg.rows.some(
      ({ id, xid }) =>
        id > (wanted?.id ?? 0) &&
        shardOf(written.get(id)?.event) === step.picks.shard &&
        isVisible(xid, progressOf(step.before.pg, step.picks.shard ?? 0).base),
    );
    if (isLate) this.counts.late++;
    held.sent.push(row?.id ?? '');
  }

  private async record(step: ModelStep): Promise<void> {
    const fates = step.before.relays[placeOf(step)]?.sent ?? [];
    const end = fates.findIndex(({ fate }) => fate !== 'confirmed' && fate !== 'dead');
    const done = end < 0 ? fates : fates.slice(0, end);
    await this.asOwner(step, async (held) => {
      const afterId = held.sent[done.length - 1] ?? '';
      const dying = done.flatMap(({ id, fate }) =>
        fate === 'dead' ? [{ id: this.writtenAs(id).id, reason: 'behind' }] : [],
      );
      const wereDead = new Set(step.before.pg.dead.map((message) => this.writtenAs(message.id).id));
      this.counts.behind += dying.filter(({ id }) => !wereDead.has(id)).length;
      held.progress = await appendProgress(held.connection, { ...held.progress, after_id: afterId }, dying);
      held.sent.splice(0, done.length);
    });
  }

  private async die(step: ModelStep): Promise<void> {
    await this.asOwner(step, async (held) => {
      const after = held.sent.at(-1) ?? held.progress.after_id;
      const [row] = await readSlice(held.connection, held.progress, after, 1);
      const dying = [{ id: row?.id ?? '', reason: 'too large' }];
      held.progress = await appendProgress(held.connection, held.progress, dying);
      held.sent = [];
      this.counts.dead++;
    });
  }

  /** One message at a time, as the model does; what is left of the intervention is not the model's. */
  private async intervene(step: ModelStep, ask: (message: { id: string; key: string }) => Promise<unknown>) {
    const { message, row } = step.picks;
    const { id, event } = this.writtenAs(message?.id ?? row?.id ?? 0);
    const published: string[] = [];
    const isConfirmed = step.action === 'replay' || step.before.pg.dead.length > step.after.pg.dead.length;
    await ask({ id, key: this.paymentOf(event) });
    const { connection, progress } = this.heldBy(step);
    const publish = async (_shard: number, rows: { id: string }[]) => {
      published.push(...rows.map((each) => each.id));
      if (!isConfirmed) throw new Error('no confirm');
    };
    await intervene(connection, progress, publish, 1).catch((error: unknown) => {
      if (isConfirmed && !(error instanceof LostOwnership)) throw error;
    });
    await this.outbox.database.query('UPDATE outbox_intervention SET finished_at = clock_timestamp()');
    if (published.length !== 1 || published[0] !== id)
      throw new Error(`published ${JSON.stringify(published)}, not ${id}`);
  }

  private async post({ picks: { c }, before, after }: ModelStep): Promise<void> {
    const [first, ...others] = before.ledgers[`${c}`]?.messages ?? [];
    const parked = (books: ModelState['books']) => new Set(books.parked.map(({ id }) => id));
    const isRefused =
      first !== undefined &&
      before.books.oldest <= first.id &&
      !before.books.inbox.includes(first.id) &&
      !after.books.inbox.includes(first.id) &&
      parked(after.books).has(first.id);
    const together = isRefused ? others.filter(({ id }) => id !== first.id) : [first, ...others];
    await inTransaction(this.ledger, async (tx) => {
      if (isRefused)
        await parkUnlessArrived(tx, [
          { message: this.messageOf(first), reason: 'invalid', detail: 'refused' },
        ]);
      const messages = together.flatMap((message) => (message ? [this.messageOf(message)] : []));
      const { repeated } = await postTransfers(tx, messages);
      this.counts.repeated += repeated['message'] ?? 0;
    });
  }

  private async redriveParked(message: ModelMessage | undefined): Promise<void> {
    const { messageId } = this.writtenAs(message?.id ?? 0);
    const rows = await this.rig.admin.query<{ id: string }[]>(
      `SELECT id FROM parked_message WHERE message_id = $1 AND reason <> 'waiting-for'`,
      [messageId],
    );
    await redrive(this.ledger, { which: { ids: rows.map(({ id }) => id) }, who, limit: 10, users: [] });
  }

  private async pruneOutbox(id: number): Promise<void> {
    const { id: real } = this.writtenAs(id);
    const [{ removed } = { removed: 0 }] = await this.outbox.database.query<{ removed: number }[]>(
      removeMessagesSql,
      [String(BigInt(real) - 1n), 1, 0, false],
    );
    // Something else on this server, such as an ANALYZE, was at work when the base was taken: then it stays, rightly.
    if (removed === 0) await this.outbox.database.query('DELETE FROM outbox_message WHERE id = $1', [real]);
  }

  /** Appends progress. The model says who is refused: no other, and it forgets what it held. */
  private async asOwner(step: ModelStep, append: (held: Held) => Promise<void>): Promise<void> {
    const place = placeOf(step);
    const isRefused = await append(this.heldBy(step)).then(
      () => false,
      (error: unknown) => {
        if (error instanceof LostOwnership) return true;
        throw error;
      },
    );
    if (isRefused === step.after.relays[place]?.holds)
      throw new Error(isRefused ? 'the owner was refused' : 'a stale owner was not refused');
    if (!isRefused) return;
    this.counts[step.action === 'nextWindow' ? 'windowsFenced' : 'recordsFenced']++;
    await this.forget(place);
  }

  private async forget(place: string): Promise<void> {
    await this.held.get(place)?.connection.destroy();
    this.held.delete(place);
  }

  private heldBy(step: ModelStep): Held {
    const held = this.held.get(placeOf(step));
    if (!held) throw new Error(`Bug: ${placeOf(step)} holds nothing`);
    return held;
  }

  private writtenAs(id: number): Written {
    const written = this.written.get(id);
    if (!written) throw new Error(`Bug: the row ${id} was never written`);
    return written;
  }

  /** The model's id of a row or message; 0: it is none of the model's. */
  private idOf(real: string): number {
    return this.idsWhere(({ id, messageId }) => id === real || messageId === real)[0] ?? 0;
  }

  private idsWhere(is: (written: Written) => boolean): number[] {
    return [...this.written].flatMap(([id, written]) => (is(written) ? [id] : []));
  }

  private paymentOf(event: number): string {
    return this.paymentIds[Math.floor(event / 10) - 1] ?? '';
  }

  private messageOf({ id, event }: ModelMessage): Message {
    const { messageId } = this.writtenAs(id);
    const data = payment({ paymentId: this.paymentOf(event) });
    return messageOf(this.rig.setup.runId, data, typeOf(event), {
      messageId,
      queue: ledgerQueue(shardOf(event)),
    });
  }
}

interface Seen {
  shard: number;
  seq: number;
  open: boolean;
  base: number[];
  horizon: number[];
}

const nil = '00000000-0000-0000-0000-000000000000';

function progressOf(pg: ModelState['pg'], shard: number) {
  const progress = pg.progress[shard];
  if (!progress) throw new Error(`Bug: there is no shard ${shard}`);
  return progress;
}

function placeOf({ picks: { r, shard } }: ModelStep): string {
  return `${r},${shard}`;
}

function typeOf(event: number): PaymentEventType {
  return event % 10 === 1 ? 'payment.reversed' : 'payment.accepted';
}

function shardOf(event = 0): number {
  return Math.floor(event / 10) % 2;
}

function isVisible(xid: number, { xmax, xip }: ModelSnapshot): boolean {
  return xid < xmax && !xip.includes(xid);
}

function sorted(numbers: number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

function uuidAfter(uuid: string): string {
  const hex = (BigInt(`0x${uuid.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
