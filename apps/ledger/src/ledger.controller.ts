import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { formatAmount } from '@paid-once/contracts';
import {
  Answers,
  ApiProblems,
  FrameworkProblem,
  parameters,
  readId,
  reading,
  readLimit,
  refusalBy,
  Takes,
} from '@paid-once/service';
import { DataSource } from 'typeorm';
import * as examples from './api-examples.js';
import { afterParameter, readText } from './parameters.js';
import { Transfer } from './transfer.entity.js';

const accountPattern = /^[A-Za-z0-9_-]{1,64}$/;
const accountNotFound = () =>
  new FrameworkProblem(404, 'not-found', 'There is no such account', 'It exists from its first transfer on.');

/** Money in major units; a balance is credits minus debits, and may be below zero. */
interface AccountView {
  name: string;
  balances: { currency: string; debits: string; credits: string; balance: string }[];
}

@ApiTags('ledger')
@Controller()
export class LedgerController {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Accounts by name. `after`: the last name of the page before. */
  @Get('accounts')
  @Takes(afterParameter(accountPattern), parameters.limit)
  @Answers(examples.accounts)
  async accounts(
    @Query('after') after: unknown,
    @Query('limit') limit: unknown,
  ): Promise<{ items: AccountView[]; next: string | null }> {
    const from = after === undefined ? '' : readText('after', after, accountPattern);
    const count = readLimit(limit);
    const accounts = await reading(this.database, (db) =>
      db.query<AccountRow[]>(accountsSql('name > $1'), [from, count + 1]),
    );
    const items = accounts.slice(0, count).map(accountOf);
    return { items, next: accounts.length > count ? (items.at(-1)?.name ?? null) : null };
  }

  /** One account, with a balance for each currency it was used in. */
  @Get('accounts/:name')
  @ApiProblems(accountNotFound(), refusalBy(() => readName('?')))
  @Answers(examples.account)
  async account(@Param('name') name: string): Promise<AccountView> {
    const [account] = await reading(this.database, (db) =>
      db.query<AccountRow[]>(accountsSql('name = $1'), [readName(name), 1]),
    );
    if (account) return accountOf(account);
    throw accountNotFound();
  }

  /** The transfers of a payment: its posting, then its reversal. */
  @Get('transfers')
  @Takes(parameters.payment)
  @Answers(examples.transfers)
  async transfers(@Query('payment') payment: unknown) {
    const paymentId = readId('payment', payment);
    const transfers = await reading(this.database, (db) =>
      db.getRepository(Transfer).find({ where: { paymentId }, order: { id: 'ASC' } }),
    );
    return {
      items: transfers.map((transfer) => ({
        id: transfer.id,
        paymentId: transfer.paymentId,
        kind: transfer.kind,
        debitAccount: transfer.debitAccount,
        creditAccount: transfer.creditAccount,
        amount: formatAmount(BigInt(transfer.amountMinor), transfer.currency),
        currency: transfer.currency,
        reference: transfer.reference,
        messageId: transfer.messageId,
        postedAt: transfer.postedAt.toISOString(),
      })),
    };
  }
}

function readName(name: string): string {
  return readText('name', name, accountPattern, 'the name of an account');
}

interface AccountRow {
  name: string;
  /** Minor units. */
  balances: { currency: string; debits: string; credits: string }[];
}

const accountsSql = (condition: string) => `
SELECT name,
       json_agg(json_build_object('currency', currency, 'debits', debits_posted::text, 'credits', credits_posted::text)
                ORDER BY currency) AS balances
  FROM account
 WHERE ${condition}
 GROUP BY name
 ORDER BY name
 LIMIT $2`;

function accountOf({ name, balances }: AccountRow): AccountView {
  return {
    name,
    balances: balances.map(({ currency, debits, credits }) => ({
      currency,
      debits: formatAmount(BigInt(debits), currency),
      credits: formatAmount(BigInt(credits), currency),
      balance: formatAmount(BigInt(credits) - BigInt(debits), currency),
    })),
  };
}
