import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { ParkedIntervention } from './parked-intervention.entity.js';

/** How a message's being parked came to an end, other than by what it waited for. Retention removes it. */
@Entity('parked_history')
@Index('parked_history_key', ['key'])
@Index('parked_history_ended_at', ['endedAt'])
export class ParkedHistory {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'parked_history_pkey',
  })
  id!: string;

  /** The redrive that took it; null: nobody did, the message itself came, whole. */
  @ManyToOne(() => ParkedIntervention, { nullable: true })
  @JoinColumn({ name: 'intervention_id', foreignKeyConstraintName: 'intervention_is_on_record' })
  intervention!: ParkedIntervention | null;

  @Column('text', { name: 'message_id', nullable: true })
  messageId!: string | null;

  @Column('text', { nullable: true })
  key!: string | null;

  @Column('text', { nullable: true })
  type!: string | null;

  /** What it was parked for. */
  @Column('text')
  reason!: string;

  /** What it was parked for again; null: it was not, because it has taken effect or is on record as having come. */
  @Column('text', { name: 'parked_again', nullable: true })
  parkedAgain!: string | null;

  @Column('timestamptz', { name: 'ended_at', default: () => 'clock_timestamp()' })
  endedAt!: Date;
}
