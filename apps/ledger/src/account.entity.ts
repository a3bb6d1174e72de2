import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The sums of an account's transfers in one currency, in minor units; exists from its first transfer on. */
@Entity('account')
export class Account {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'account_pkey' })
  name!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'account_pkey' })
  currency!: string;

  @Column('numeric', { name: 'debits_posted', precision: 38, scale: 0 })
  debitsPosted!: string;

  @Column('numeric', { name: 'credits_posted', precision: 38, scale: 0 })
  creditsPosted!: string;
}
