import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A message of the outbox itself, one for each shard of a set: whoever receives it has been sent, on the same queue,
 * everything that is visible in its `base`. Not synchronised: see `OutboxMessage`.
 */
@Entity('outbox_marker', { synchronize: false })
export class OutboxMarker {
  @PrimaryColumn('bigint')
  id!: string;

  @Column('uuid', { name: 'set_id' })
  setId!: string;

  @Column('smallint')
  shard!: number;

  @Column('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('timestamptz', { name: 'requested_at' })
  requestedAt!: Date;

  @Column('timestamptz', { name: 'published_at', nullable: true })
  publishedAt!: Date | null;

  /** Nothing of what was published before it is missing at the other end. */
  @Column('timestamptz', { name: 'verified_at', nullable: true })
  verifiedAt!: Date | null;
}

export type InterventionKind = 'replay' | 'redrive' | 'drop';

/** What somebody asked to be done with messages of one shard, who and why, and how far it is done. */
@Entity('outbox_intervention', { synchronize: false })
export class OutboxIntervention {
  @PrimaryColumn('bigint')
  id!: string;

  @Column('text')
  kind!: InterventionKind;

  @Column('smallint')
  shard!: number;

  @Column('text', { name: 'requested_by' })
  requestedBy!: string;

  @Column('text')
  why!: string;

  @Column('timestamptz', { name: 'requested_at' })
  requestedAt!: Date;

  /** A range of outbox ids, both ends in it; or `ids`. */
  @Column('bigint', { name: 'from_id', nullable: true })
  fromId!: string | null;

  @Column('bigint', { name: 'to_id', nullable: true })
  toId!: string | null;

  /** Just these outbox ids; of a redrive: one of each key. */
  @Column('bigint', { array: true, nullable: true })
  ids!: string[] | null;

  @Column('bigint', { name: 'after_id' })
  afterId!: string;

  /** How many messages it has published, or dropped. */
  @Column('integer')
  messages!: number;

  /** What could not be done. */
  @Column('text', { nullable: true })
  failure!: string | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
