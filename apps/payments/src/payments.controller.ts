import { Body, Controller, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isUuidV7 } from '@paid-once/contracts';
import { callerOf } from '@paid-once/credentials';
import { ApiProblems, Needs, traceparentFor } from '@paid-once/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Acceptance } from './accept-batch.js';
import { AcceptPayments } from './accept-payments.js';
import { keyHeader, ofPaying, ofReversing, paymentContent, paymentRequest } from './api-schemas.js';
import { AlreadyReversed, IdempotencyKeyReused, PaymentNotFound } from './payment-problems.js';
import { readIdempotencyKey, readPaymentRequest } from './payment-request.js';

@ApiTags('payments')
@Controller('payments')
export class PaymentsController {
  constructor(private readonly acceptPayments: AcceptPayments) {}

  /** Pays once, however often the request is repeated with the same key. */
  @Post()
  @Needs('pay')
  @ApiHeader(keyHeader)
  @ApiBody(paymentRequest)
  @ApiResponse({
    status: 201,
    description: 'Paid. The ledger will show it exactly once.',
    ...paymentContent(),
  })
  @ApiResponse({
    status: 208,
    description: 'Paid before under this key: the first answer, byte for byte.',
    ...paymentContent(),
  })
  @ApiProblems(...ofPaying)
  async pay(
    @Req() request: FastifyRequest,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { client } = callerOf(request);
    const idempotencyKey = readIdempotencyKey(request.headers);
    const payment = readPaymentRequest(body);
    const traceparent = traceparentFor(request);
    const command = { kind: 'pay', client, idempotencyKey, traceparent, ...payment } as const;
    answer(reply, await this.acceptPayments.accept(command));
  }

  /** Reverses a payment once: money flows back, in the ledger after the payment itself. */
  @Post(':id/reversal')
  @Needs('pay')
  @ApiHeader(keyHeader)
  @ApiResponse({ status: 201, description: 'Reversed.', ...paymentContent({ status: 'reversed' }) })
  @ApiResponse({
    status: 208,
    description: 'Reversed before under this key: the first answer, byte for byte.',
    ...paymentContent({ status: 'reversed' }),
  })
  @ApiProblems(...ofReversing)
  async reverse(
    @Req() request: FastifyRequest,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { client } = callerOf(request);
    const idempotencyKey = readIdempotencyKey(request.headers);
    if (!isUuidV7(id)) throw new PaymentNotFound();
    const traceparent = traceparentFor(request);
    const command = { kind: 'reverse', client, idempotencyKey, traceparent, paymentId: id } as const;
    answer(reply, await this.acceptPayments.accept(command));
  }
}

export function answer(reply: FastifyReply, acceptance: Acceptance): void {
  switch (acceptance.kind) {
    case 'accepted':
      void reply
        .status(201)
        .header('location', `/payments/${acceptance.payment.id}`)
        .send(acceptance.payment);
      return;
    case 'repeated':
      void reply
        .status(208)
        .headers({ location: `/payments/${acceptance.payment.id}`, 'idempotent-replayed': 'true' })
        .send(acceptance.payment);
      return;
    case 'key-reused':
      throw new IdempotencyKeyReused();
    case 'not-found':
      throw new PaymentNotFound();
    case 'already-reversed':
      throw new AlreadyReversed();
  }
}
