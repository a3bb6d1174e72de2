import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** One line of the ledger. It balances by itself: the same amount leaves one account and arrives on the other. */
@Entity('transfer')
@Unique('one_posting_per_payment_event', ['paymentId', 'kind', 'occurrence'])
@Check('amount_is_positive', 'amount_minor > 0')
@Check('accounts_differ', 'debit_account <> credit_account')
@Check('kind_is_known', `kind IN ('payment', 'reversal')`)
export class Transfer {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'transfer_pkey',
  })
  id!: string;

  @Column('uuid', { name: 'payment_id' })
  paymentId!: string;

  @Column('text')
  kind!: 'payment' | 'reversal';

  /** 0; only the roles of lab mode may write another, to show what a ledger without this constraint does. */
  @Column('smallint', { default: 0 })
  occurrence!: number;

  @Column('text', { name: 'debit_account' })
  debitAccount!: string;

  @Column('text', { name: 'credit_account' })
  creditAccount!: string;

  @Column('bigint', { name: 'amount_minor' })
  amountMinor!: string;

  @Column('text')
  currency!: string;

  @Column('text', { nullable: true })
  reference!: string | null;

  @Column('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('smallint')
  shard!: number;

  /** These two are never written: the chain has links of its own. The version before still reads them. */
  @Column('bytea', { name: 'previous_hash', nullable: true })
  previousHash!: Buffer | null;

  @Column('bytea', { nullable: true })
  hash!: Buffer | null;

  @Column('timestamptz', { name: 'posted_at', default: () => 'clock_timestamp()' })
  postedAt!: Date;
}
