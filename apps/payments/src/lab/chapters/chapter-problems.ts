import {
  FrameworkProblem,
  OutcomeUnknown,
  Problem,
  sqlState,
  TemporarilyUnavailable,
} from '@paid-once/service';
import { IdempotencyKeyMissing } from '../../payment-problems.js';

export class ChapterInvalid extends Problem {
  readonly type = '/problems/invalid-chapter';
  readonly status = 422;
  readonly title = 'There is no such chapter';

  constructor() {
    super('Send {"chapter": 1}, 2, 3 or 4. Nothing was switched.');
  }
}

export class ChapterCannotBeHad extends Problem {
  readonly type = '/problems/chapter-needs-broker';
  readonly status = 409;
  readonly title = 'Chapter 1 publishes by itself, and this service has no way to the broker';

  constructor() {
    super(
      'Set PAID_ONCE_PAYMENTS_AMQP_URL for setup and for payments, run setup in lab mode, and start payments again. ' +
        'Nothing was switched; chapters 2 to 4 need none of this.',
    );
  }
}

/** As outside lab mode, and where a payment needs no key. */
export function keyMissingInLab({ type, status, title, detail }: IdempotencyKeyMissing): Problem {
  return new FrameworkProblem(
    status,
    type.replace('/problems/', ''),
    title,
    `${detail} This is chapter 4; in the chapters before it no key is needed: npx paid-once chapter 2.`,
  );
}

/** What chapter 4 says of a lost answer, that repeating pays once, is not true where no key is used. */
export class OutcomeUnknownWithoutKeys extends Problem {
  readonly type = '/problems/outcome-unknown';
  readonly status = 503;
  readonly title = 'Whether this was paid is not known';
  override readonly headers = { 'retry-after': '1' };

  constructor() {
    super('The answer of the database was lost. In this chapter no key is used: to repeat it may pay twice.');
  }
}

/** What can go wrong with the chapter itself, as a problem; anything else as it is. */
export function throwProblem(error: unknown): never {
  if (error instanceof OutcomeUnknown)
    throw new TemporarilyUnavailable(
      'The answer of the database was lost: the ledger was switched, payments perhaps. Switch again.',
    );
  if (sqlState(error) === lockNotAvailable)
    throw new TemporarilyUnavailable('Somebody else is switching. Nothing was switched here; try again.');
  if (sqlState(error) === noSuchTable)
    throw new TemporarilyUnavailable(
      'There are no chapters here: run `paid-once setup` with PAID_ONCE_LAB=true. Nothing was switched.',
    );
  throw error;
}

const lockNotAvailable = '55P03';
const noSuchTable = '42P01';
