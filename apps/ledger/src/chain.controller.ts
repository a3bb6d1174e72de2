import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { InboxSettings } from '@paid-once/inbox';
import { Answers, ParameterInvalid, reading, Takes, type QueryParameter } from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { headsSql, unlinkedSql, verifyLinksSql } from './sql/chain.js';

const linksAtOnce = 200;

const shardNumber: QueryParameter = {
  name: 'shard',
  required: true,
  schema: { type: 'integer', minimum: 0 },
  read: (shard) => readNumber('shard', shard),
};
const afterLink: QueryParameter = {
  name: 'after',
  description: 'What `next` of the answer before said.',
  schema: { type: 'integer', minimum: 0, default: 0 },
  read: (seq) => readNumber('after', seq),
};

export interface ChainHead {
  shard: number;
  /** How many links there are. */
  seq: string;
  /** SHA-256, in hex, of everything posted in this shard. */
  hash: string;
}

export interface VerifiedLinks {
  /** Where to go on; null: this was the end. */
  next: string | null;
  links: number;
  transfers: number;
  /** What is not as it was posted. */
  faults: { seq: string | null; fault: string }[];
}

/** The chain of each shard's transfers: whoever wrote a head down can tell later whether anything before it was changed. */
@ApiTags('compare')
@Controller('chain')
export class ChainController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** How many shards there are, and the newest link of each that has any. */
  @Get()
  @Answers(examples.heads)
  async heads(): Promise<{ shards: number; heads: ChainHead[] }> {
    return reading(this.database, async (db) => {
      const { shards = 0 } = (await db.getRepository(InboxSettings).findOneBy({ onlyRow: true })) ?? {};
      return { shards, heads: await db.query<ChainHead[]>(headsSql) };
    });
  }

  /** Recomputes some links of a shard from its transfers. `after`: what `next` of the answer before said. */
  @Get('links')
  @Takes(shardNumber, afterLink)
  @Answers(examples.links)
  async verify(@Query('shard') shard: unknown, @Query('after') after: unknown = '0'): Promise<VerifiedLinks> {
    const [ofShard, behind] = [readNumber('shard', shard), readNumber('after', after)];
    return reading(this.database, async (db) => {
      const rows = await db.query<LinkRow[]>(verifyLinksSql, [ofShard, behind, linksAtOnce]);
      const next = rows.length < linksAtOnce ? null : (rows.at(-1)?.seq ?? null);
      const [unlinked] = next === null ? await db.query<{ transfers: number }[]>(unlinkedSql, [ofShard]) : [];
      return {
        next,
        links: rows.length,
        transfers: rows.reduce((sum, row) => sum + Number(row.transfers), 0),
        faults: [...rows.flatMap(faultsOf), ...faultOfTail(unlinked?.transfers ?? 0)],
      };
    });
  }
}

interface LinkRow {
  seq: string;
  transfers: string;
  follows: boolean;
  is_chained: boolean;
  is_whole: boolean;
}

function faultsOf({
  seq,
  follows,
  is_chained: isChained,
  is_whole: isWhole,
}: LinkRow): VerifiedLinks['faults'] {
  return [
    ...(follows ? [] : ['a link before it is missing']),
    ...(isChained ? [] : ['it is not chained to the link before it']),
    ...(isWhole ? [] : ['its transfers are not those that were posted']),
  ].map((fault) => ({ seq, fault }));
}

function faultOfTail(transfers: number): VerifiedLinks['faults'] {
  return transfers === 0
    ? []
    : [{ seq: null, fault: `${transfers} transfers after the last link are in none` }];
}

function readNumber(parameter: string, text: unknown): string {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return text;
  throw new ParameterInvalid(`${parameter}: give a whole number.`);
}
