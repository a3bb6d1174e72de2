import type { PaymentEventType } from '@paid-once/contracts';
import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/**
 * What happened to a payment, one row each: it was accepted; it was reversed. The row is also the idempotency record:
 * there is no second store, no lock that could be orphaned, and no expiry that would set the money free again.
 */
@Entity('payment_event')
@Unique('one_event_per_idempotency_key', ['client', 'idempotencyKey'])
@Check('amount_is_positive', 'amount_minor > 0')
@Check('accounts_differ', 'src <> dest')
@Check('payment_is_accepted_or_reversed', `type IN ('payment.accepted', 'payment.reversed')`)
export class PaymentEvent {
  @PrimaryColumn('uuid', { name: 'payment_id', primaryKeyConstraintName: 'one_event_of_a_type_per_payment' })
  paymentId!: string;

  @PrimaryColumn('text', { collation: 'C', primaryKeyConstraintName: 'one_event_of_a_type_per_payment' })
  type!: PaymentEventType;

  @Column('uuid', { name: 'message_id', default: () => 'outbox_uuidv7()' })
  messageId!: string;

  /** Who pays: keys of different clients never meet. */
  @Column('text')
  client!: string;

  @Column('text', { name: 'idempotency_key' })
  idempotencyKey!: string;

  /** SHA-256 of what was asked for, in canonical form. */
  @Column('bytea')
  fingerprint!: Buffer;

  @Column('text')
  src!: string;

  @Column('text')
  dest!: string;

  @Column('bigint', { name: 'amount_minor' })
  amountMinor!: string;

  @Column('text')
  currency!: string;

  @Column('text', { nullable: true })
  reference!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
