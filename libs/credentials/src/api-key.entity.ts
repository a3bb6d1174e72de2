import type { Scope } from '@paid-once/contracts';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** What somebody may do here who knows a secret. The secret itself is nowhere. */
@Entity('api_key')
@Check('secret_is_hashed', 'octet_length(secret_hash) = 32')
@Check('scopes_are_known', `scopes <@ '{pay,read,operate}'::text[] AND scopes <> '{}'::text[]`)
export class ApiKey {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'api_key_pkey' })
  id!: string;

  /** Keys of one client share their payments and idempotency keys, so that a key can be replaced. */
  @Column('text')
  client!: string;

  @Column('bytea', { name: 'secret_hash' })
  secretHash!: Buffer;

  @Column('text', { array: true })
  scopes!: Scope[];

  @Column('timestamptz', { name: 'issued_at', default: () => 'clock_timestamp()' })
  issuedAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
