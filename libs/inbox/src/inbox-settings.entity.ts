import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** One row, written by setup. */
@Entity('inbox_settings')
@Check('settings_are_one_row', 'only_row')
export class InboxSettings {
  @PrimaryColumn('boolean', {
    name: 'only_row',
    default: true,
    primaryKeyConstraintName: 'inbox_settings_pkey',
  })
  onlyRow!: boolean;

  /** The run whose messages are taken; those of any other are refused. */
  @Column('uuid', { name: 'run_id' })
  runId!: string;

  /** How many queues there are, one a shard. */
  @Column('smallint')
  shards!: number;
}

/** One row: how far back the inbox remembers. */
@Entity('inbox_window')
@Check('window_is_one_row', 'only_row')
export class InboxWindow {
  @PrimaryColumn('boolean', {
    name: 'only_row',
    default: true,
    primaryKeyConstraintName: 'inbox_window_pkey',
  })
  onlyRow!: boolean;

  /** A message id (UUIDv7, so ordered by time): what is smaller may have been forgotten, so it is parked, not taken. */
  @Column('uuid', { default: '00000000-0000-0000-0000-000000000000' })
  oldest!: string;

  /** When it was raised last; null: never. */
  @Column('timestamptz', { name: 'raised_at', nullable: true })
  raisedAt!: Date | null;
}
