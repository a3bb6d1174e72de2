import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What a person did to parked messages: who, why, which ones, how many, when. */
@Entity('parked_intervention')
@Check('intervention_is_known', `kind IN ('redrive', 'drop')`)
@Index('parked_intervention_open', ['id'], { where: 'finished_at IS NULL' })
export class ParkedIntervention {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'parked_intervention_pkey',
  })
  id!: string;

  @Column('text')
  kind!: 'redrive' | 'drop';

  @Column('text', { name: 'requested_by' })
  requestedBy!: string;

  @Column('text')
  why!: string;

  /** A `ParkedFilter`. */
  @Column('jsonb')
  which!: object;

  /** It is about messages that were parked up to this id: what is parked again meanwhile is not tried again. */
  @Column('bigint', { name: 'until_id' })
  untilId!: string;

  /** How many it took in hand so far. */
  @Column('integer', { default: 0 })
  messages!: number;

  @Column('timestamptz', { name: 'requested_at', default: () => 'clock_timestamp()' })
  requestedAt!: Date;

  /** Null: more are waiting for the caller to go on. */
  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
