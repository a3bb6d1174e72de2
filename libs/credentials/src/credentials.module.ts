import {
  createParamDecorator,
  Inject,
  Module,
  type DynamicModule,
  type ExecutionContext,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { getDataSourceToken } from '@nestjs/typeorm';
import { Forbidden, type Caller } from '@paid-once/service';
import type { FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { anybody, KeyRing, type Callers } from './key-ring.js';

const CALLERS = Symbol('who sends requests');

/**
 * Lets nobody reach a route who may not: before its body is read, for each route there is and each that will be. What a
 * route needs it says by `Needs`.
 */
@Module({})
export class CredentialsModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    @Inject(CALLERS) private readonly callers: Callers,
  ) {}

  /** Callers are who has a key of the application's database. */
  static withKeys(): DynamicModule {
    const inject = [getDataSourceToken()];
    const useFactory = (database: DataSource) => new KeyRing(database);
    return { module: CredentialsModule, providers: [{ provide: CALLERS, inject, useFactory }] };
  }

  /** For lab mode: anybody may do everything, and is the one client there is. */
  static open(): DynamicModule {
    return { module: CredentialsModule, providers: [{ provide: CALLERS, useValue: anybody }] };
  }

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.decorateRequest('caller', undefined);
    fastify.addHook('onRequest', async (request) => {
      if (!request.is404) await this.admit(request);
    });
  }

  private async admit(request: FastifyRequest): Promise<void> {
    const { needs = 'operate' } = request.routeOptions.config;
    try {
      request.caller = await this.callers.of(request.headers.authorization);
    } catch (error) {
      // Where nothing is needed a credential only shows more: without a good one, or while none can be looked up, less is shown.
      if (needs !== 'nothing') throw error;
    }
    if (needs !== 'nothing' && !request.caller?.scopes.has(needs)) throw new Forbidden(needs);
  }
}

/** The caller of a route that needs one. */
export const ByCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('Bug: this route needs nothing, and so knows no caller');
  return caller;
});
