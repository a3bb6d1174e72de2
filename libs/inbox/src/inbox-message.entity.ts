import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A message that took effect here, or waits for its predecessor: the same one is not taken again. */
@Entity('inbox_message')
export class InboxMessage {
  @PrimaryColumn('uuid', { name: 'message_id', primaryKeyConstraintName: 'inbox_message_pkey' })
  messageId!: string;

  /** SHA-256 of the body: the same id with another body is a conflict, not a repeat. */
  @Column('bytea', { name: 'body_hash' })
  bodyHash!: Buffer;

  @Column('timestamptz', { name: 'received_at', default: () => 'clock_timestamp()' })
  receivedAt!: Date;
}
