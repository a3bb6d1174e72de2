import { Problem } from '@paid-once/service';
import { exitCodes } from '../../cli/src/exit-codes.js';
import { CliFailure } from '../../cli/src/failure.js';

/** What the page asked for could not be done: what happened, what it means for the money, and what helps. */
export class ActionFailed extends Problem {
  readonly type = '/problems/action-failed';
  readonly status: number;
  readonly title = 'That could not be done';

  constructor(private readonly failure: Pick<CliFailure, 'happened' | 'money' | 'next'>) {
    super(failure.happened);
    const isAway = failure instanceof CliFailure && failure.exitCode === exitCodes.unreachable;
    this.status = isAway ? 502 : 409;
  }

  override document(instance: string) {
    const { money, next } = this.failure;
    return { ...super.document(instance), money: money || null, next: next || null };
  }
}

/** Nobody was paid. */
export class FileCannotBePaid extends Problem {
  readonly type = '/problems/validation-failed';
  readonly status = 422;
  readonly title = 'This payments file cannot be paid';

  constructor(fault: string) {
    super(`${fault} Nobody was paid.`);
  }
}

/** The page of this console may ask for this, and no other. */
export class NotFromThisPage extends Problem {
  readonly type = '/problems/not-from-this-page';
  readonly status = 403;
  readonly title = 'Only the page of this console may ask for that';
}

/** It shows, and changes nothing. */
export class ReadOnly extends Problem {
  readonly type = '/problems/read-only';
  readonly status = 403;
  readonly title = 'This console only shows';
}
