import { Body, Controller, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import { isUuidV7 } from '@paid-once/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Acceptance } from './accept-batch.js';
import { AcceptPayments } from './accept-payments.js';
import { AlreadyReversed, IdempotencyKeyReused, PaymentNotFound } from './payment-problems.js';
import { readIdempotencyKey, readPaymentRequest } from './payment-request.js';

/** Until clients have credentials, all are one. Keys are scoped by client. */
export const anonymous = 'anonymous';

const keyHeader = {
  name: 'Idempotency-Key',
  required: true,
  description:
    'A new random value for each payment; the same value when it is repeated. Alias: Payment-Idempotence-Key.',
};

@ApiTags('payments')
@Controller('payments')
export class PaymentsController {
  constructor(private readonly acceptPayments: AcceptPayments) {}

  /** Pays once, however often the request is repeated with the same key. */
  @Post()
  @ApiHeader(keyHeader)
  @ApiBody({
    schema: { example: { src: 'bianca', dest: 'marc', amount: '1.00', currency: 'EUR', reference: 'rent' } },
  })
  @ApiCreatedResponse({ description: 'Paid. The ledger will show it exactly once.' })
  @ApiResponse({ status: 208, description: 'Paid before under this key: the first answer, byte for byte.' })
  @ApiResponse({ status: 409, description: 'The first request with this key has not finished.' })
  @ApiResponse({
    status: 422,
    description: 'A field cannot be accepted, or the key belongs to another request.',
  })
  @ApiResponse({ status: 503, description: 'Database away, or `outcome-unknown`: repeat with the same key.' })
  async pay(
    @Req() request: FastifyRequest,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const idempotencyKey = readIdempotencyKey(request.headers);
    const payment = readPaymentRequest(body);
    answer(
      reply,
      await this.acceptPayments.accept({ kind: 'pay', client: anonymous, idempotencyKey, ...payment }),
    );
  }

  /** Reverses a payment once: money flows back, in the ledger after the payment itself. */
  @Post(':id/reversal')
  @ApiHeader(keyHeader)
  @ApiCreatedResponse({ description: 'Reversed.' })
  @ApiResponse({
    status: 208,
    description: 'Reversed before under this key: the first answer, byte for byte.',
  })
  @ApiResponse({ status: 404, description: 'There is no such payment.' })
  @ApiResponse({
    status: 422,
    description: 'Reversed before under another key, or the key belongs to another request.',
  })
  async reverse(
    @Req() request: FastifyRequest,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const idempotencyKey = readIdempotencyKey(request.headers);
    if (!isUuidV7(id)) throw new PaymentNotFound();
    answer(
      reply,
      await this.acceptPayments.accept({ kind: 'reverse', client: anonymous, idempotencyKey, paymentId: id }),
    );
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
