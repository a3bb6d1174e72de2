import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A suspicious message that is being tried, recorded before the try: a try that kills the process leaves its start. */
@Entity('started_attempt')
export class StartedAttempt {
  /** SHA-256 of message id and body. */
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'started_attempt_pkey' })
  fingerprint!: Buffer;

  @Column('text', { name: 'message_id', nullable: true })
  messageId!: string | null;

  @Column('text', { nullable: true })
  queue!: string | null;

  /** How many processes began it and have not come to an end. */
  @Column('smallint')
  starts!: number;

  /** Written by the release before only. */
  @Column('uuid', { nullable: true })
  process!: string | null;

  @Column('timestamptz', { name: 'started_at', default: () => 'clock_timestamp()' })
  startedAt!: Date;
}
