import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique, VirtualColumn } from 'typeorm';

/** A message that was acknowledged but did not take effect, whole, with the reason. */
@Entity('parked_message')
@Unique('one_row_per_parked_message', ['fingerprint', 'reason'])
@Check(
  'dropped_by_somebody_for_a_reason',
  'num_nonnulls(dropped_at, dropped_by, dropped_why) = ANY (ARRAY[0, 3])',
)
@Index('parked_message_key', ['key'])
@Index('parked_message_message_id', ['messageId'])
@Index('parked_message_open', ['reason', 'id'], { where: 'dropped_at IS NULL' })
@Index('parked_message_waits_for', ['waitsFor'], { where: 'waits_for IS NOT NULL' })
export class ParkedMessage {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'parked_message_pkey',
  })
  id!: string;

  /** SHA-256 of message id and body: what comes again is counted in `attempts`, not kept twice. */
  @Column('bytea', { select: false })
  fingerprint!: Buffer;

  /** As it was sent: it may be no UUID, or missing. */
  @Column('text', { name: 'message_id', nullable: true })
  messageId!: string | null;

  /** One of `ParkReason`. */
  @Column('text')
  reason!: string;

  /** What is wrong, for people. */
  @Column('text')
  detail!: string;

  @Column('text', { nullable: true })
  key!: string | null;

  @Column('text', { nullable: true })
  type!: string | null;

  /** The event that must take effect first; only with the reason `waiting-for`. */
  @Column('text', { name: 'waits_for', nullable: true })
  waitsFor!: string | null;

  @Column('text')
  queue!: string;

  /** Who published it, as the broker vouches; null if it does not say. */
  @Column('text', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('text', { name: 'content_type', nullable: true })
  contentType!: string | null;

  @Column('text', { name: 'content_encoding', nullable: true })
  contentEncoding!: string | null;

  @Column('jsonb', { select: false })
  headers!: Record<string, unknown>;

  @Column('bytea', { select: false })
  body!: Buffer;

  /** A page of bodies may be too much for memory. */
  @VirtualColumn('integer', { query: (row) => `octet_length(${row}.body)` })
  bodyBytes!: number;

  /** How often it was parked. */
  @Column('integer', { default: 1 })
  attempts!: number;

  @Column('timestamptz', { name: 'first_seen_at', default: () => 'clock_timestamp()' })
  firstSeenAt!: Date;

  @Column('timestamptz', { name: 'last_seen_at', default: () => 'clock_timestamp()' })
  lastSeenAt!: Date;

  /** A person decided that it will never take effect. What comes again of it is counted here. */
  @Column('timestamptz', { name: 'dropped_at', nullable: true })
  droppedAt!: Date | null;

  @Column('text', { name: 'dropped_by', nullable: true })
  droppedBy!: string | null;

  @Column('text', { name: 'dropped_why', nullable: true })
  droppedWhy!: string | null;
}
