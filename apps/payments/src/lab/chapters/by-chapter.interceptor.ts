import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { isUuidV7 } from '@paid-once/contracts';
import { OutcomeUnknown, TemporarilyUnavailable } from '@paid-once/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, of, type Observable } from 'rxjs';
import type { PaymentCommand } from '../../payment-command.js';
import {
  IdempotencyKeyMissing,
  keyHeaders,
  OutcomeIsUnknown,
  PaymentNotFound,
} from '../../payment-problems.js';
import { readPaymentRequest } from '../../payment-request.js';
import { answer, PaymentsController } from '../../payments.controller.js';
import { keyMissingInLab, OutcomeUnknownWithoutKeys } from './chapter-problems.js';
import { CurrentChapter } from './current-chapter.js';
import { DualWrite } from './dual-write.js';

type PaymentHttpRequest = FastifyRequest<{ Params: { id?: string } }>;

/**
 * Stands before the two handlers that take payments, and lets them work as they are, except for what the chapter leaves
 * out: in 1 to 3 the client's key is taken away and a random one put in its place; in 1 the handler is not reached.
 */
@Injectable()
export class ByChapter implements NestInterceptor {
  private readonly logger = new Logger('chapter 3');

  constructor(
    private readonly current: CurrentChapter,
    private readonly dualWrite: DualWrite,
  ) {}

  async intercept(context: ExecutionContext, handler: CallHandler): Promise<Observable<unknown>> {
    if (context.getClass() !== PaymentsController) return handler.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<PaymentHttpRequest>();
    switch (this.current.chapter) {
      case 1:
        answer(http.getResponse<FastifyReply>(), await this.writeTwice(request));
        return of(undefined);
      case 2:
        return this.underRandomKey(request, handler);
      case 3:
        this.noteKey(request);
        return this.underRandomKey(request, handler);
      case 4:
        return handler.handle().pipe(catchError((error: unknown) => throwing(this.explained(error))));
    }
  }

  private async writeTwice(request: PaymentHttpRequest) {
    try {
      return await this.dualWrite.accept(commandIn(request));
    } catch (error) {
      throw error instanceof OutcomeUnknown ? new OutcomeUnknownWithoutKeys() : error;
    }
  }

  // A random key is stored like any other, so the schema is as strict as ever: it only never meets its like.
  private underRandomKey(request: PaymentHttpRequest, handler: CallHandler): Observable<unknown> {
    for (const name of keyHeaders) delete request.headers[name.toLowerCase()];
    request.headers[keyHeaders[0].toLowerCase()] = randomUUID();
    return handler
      .handle()
      .pipe(
        catchError((error: unknown) =>
          throwing(error instanceof OutcomeIsUnknown ? new OutcomeUnknownWithoutKeys() : error),
        ),
      );
  }

  private noteKey(request: PaymentHttpRequest): void {
    const [key] = keyHeaders.flatMap((name) => request.headers[name.toLowerCase()] ?? []);
    this.logger.log(
      key === undefined ? 'no key was sent' : `key ${key.slice(0, 255)} was sent; it is not used`,
    );
  }

  private explained(error: unknown): unknown {
    if (!(error instanceof IdempotencyKeyMissing)) return error;
    if (this.current.known) return keyMissingInLab(error);
    return new TemporarilyUnavailable(
      'Whether this chapter needs an idempotency key is not known before the database answers. Nothing was paid.',
    );
  }
}

/** As the controller reads it, under a random key. */
function commandIn({ params: { id }, body }: PaymentHttpRequest): PaymentCommand {
  const from = { client: 'anonymous', idempotencyKey: randomUUID() };
  if (id === undefined) return { kind: 'pay', ...from, ...readPaymentRequest(body) };
  if (!isUuidV7(id)) throw new PaymentNotFound();
  return { kind: 'reverse', ...from, paymentId: id };
}

function throwing(error: unknown): never {
  throw error;
}
