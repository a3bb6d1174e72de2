import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

const primaryKeyConstraintName = 'transfer_link_pkey';

/** What one statement posted in a shard, chained to what was posted there before. The database writes it. */
@Entity('transfer_link')
@Check('previous_hash_is_one', 'octet_length(previous_hash) = 32')
@Check('hash_is_one', 'octet_length(hash) = 32')
export class TransferLink {
  @PrimaryColumn('smallint', { primaryKeyConstraintName })
  shard!: number;

  /** From 1; 0 stands for transfers that are older than the chain. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName })
  seq!: string;

  @Column('bytea', { name: 'previous_hash' })
  previousHash!: Buffer;

  /** SHA-256 of the hash before and the lines of the transfers. */
  @Column('bytea')
  hash!: Buffer;

  @Column('bigint')
  transfers!: string;

  /** The largest id among them. */
  @Column('bigint', { name: 'last_transfer' })
  lastTransfer!: string;

  @Column('timestamptz', { name: 'linked_at', default: () => 'clock_timestamp()' })
  linkedAt!: Date;
}
