import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { OutboxIntervention, OutboxMarker } from './operations-entities.js';

/**
 * One message on its way out, written in the transaction of what it tells about and never updated.
 * Not synchronised: its column `xid` is of a type that TypeORM does not know (as are the snapshots of the progress).
 */
@Entity('outbox_message', { synchronize: false })
export class OutboxMessage {
  /** Ascending in causal order: a transaction that waited for another one's lock has the larger ids. */
  @PrimaryColumn('bigint')
  id!: string;

  @Column('smallint')
  shard!: number;

  /** UUIDv7 by the database's clock. */
  @Column('uuid', { name: 'message_id' })
  messageId!: string;

  /** The run the message belongs to: a lab reset starts another one. */
  @Column('uuid', { name: 'run_id' })
  runId!: string;

  @Column('text')
  type!: string;

  /** Messages of one key stay in order. */
  @Column('text')
  key!: string;

  @Column('jsonb')
  headers!: Record<string, string>;

  @Column('text')
  payload!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}

/** How far a shard is published; the row with the largest `seq` counts. Snapshots: see `OutboxMessage`. */
@Entity('outbox_progress', { synchronize: false })
export class OutboxProgress {
  @PrimaryColumn('smallint')
  shard!: number;

  @PrimaryColumn('bigint')
  seq!: string;

  /** Raised by each relay that takes the shard. */
  @Column('bigint')
  epoch!: string;

  /** The smallest id of the open window's rows that no earlier window could have seen; null without such rows. */
  @Column('bigint', { name: 'fresh_from', nullable: true })
  freshFrom!: string | null;

  /** Up to here the open window is published. */
  @Column('bigint', { name: 'after_id' })
  afterId!: string;

  @Column('timestamptz', { name: 'recorded_at' })
  recordedAt!: Date;
}

@Entity('outbox_settings')
@Check('settings_have_no_other_row', 'only_row')
export class OutboxSettings {
  @PrimaryColumn('boolean', {
    name: 'only_row',
    default: true,
    primaryKeyConstraintName: 'settings_are_one_row',
  })
  onlyRow!: boolean;

  @Column('smallint')
  shards!: number;

  @Column('uuid', { name: 'run_id' })
  runId!: string;

  /** The cluster whose snapshots the progress holds. */
  @Column('text', { name: 'system_identifier' })
  systemIdentifier!: string;
}

/** A message that can never be published, or one that follows such a message of its key. The message itself stays. */
@Entity('outbox_dead_letter')
@Index('outbox_dead_letter_by_key', ['key', 'id'])
export class OutboxDeadLetter {
  /** As in `OutboxMessage`. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'message_dies_once' })
  id!: string;

  @Column('smallint')
  shard!: number;

  @Column('text')
  key!: string;

  @Column('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('text')
  type!: string;

  /** `behind`: an earlier message of the same key is dead. */
  @Column('text')
  reason!: string;

  @Column('timestamptz', { name: 'died_at', default: () => 'clock_timestamp()' })
  diedAt!: Date;

  /** Given up by a person: it holds back nothing any more, and is never sent. */
  @Column('timestamptz', { name: 'dropped_at', nullable: true })
  droppedAt!: Date | null;

  @Column('text', { name: 'dropped_by', nullable: true })
  droppedBy!: string | null;

  @Column('text', { name: 'dropped_why', nullable: true })
  droppedWhy!: string | null;

  /** What of this message; the reason is the same for all of its kind. */
  @Column('text', { nullable: true })
  detail!: string | null;
}

export const outboxEntities = [
  OutboxMessage,
  OutboxProgress,
  OutboxSettings,
  OutboxDeadLetter,
  OutboxMarker,
  OutboxIntervention,
];
