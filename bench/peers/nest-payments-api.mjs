import 'reflect-metadata';
import { BadRequestException, Body, Controller, Headers, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { acceptedPayment, readPayment } from './payment-request.mjs';
import { setting } from './protocol.mjs';
import { serveUntilTerm } from './service.mjs';

/**
 * POST /payments with Nest on an HTTP adapter.
 * @param accept stores a payment and resolves with its id
 * @param close  releases what `accept` works with
 */
export async function servePayments({ adapter, accept, close }) {
  const app = await NestFactory.create(paymentsModule(accept), adapter, { logger: false });
  await app.listen(Number(setting('BENCH_PORT')), '127.0.0.1');
  serveUntilTerm(async () => {
    app.getHttpServer().closeAllConnections();
    await app.close();
    await close();
  });
}

// Decorators by hand: there is no compiler here.
function paymentsModule(accept) {
  class PaymentsController {
    async pay(idempotencyKey, body) {
      const payment = readPayment(idempotencyKey, body);
      if (typeof payment === 'string') throw new BadRequestException(payment);
      return acceptedPayment(payment, await accept(payment));
    }
  }
  Controller('payments')(PaymentsController);
  const { prototype } = PaymentsController;
  Headers('idempotency-key')(prototype, 'pay', 0);
  Body()(prototype, 'pay', 1);
  Post()(prototype, 'pay', Object.getOwnPropertyDescriptor(prototype, 'pay'));

  class PaymentsModule {}
  Module({ controllers: [PaymentsController] })(PaymentsModule);
  return PaymentsModule;
}
