import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Scope } from '@paid-once/contracts';
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
export class CredentialsModule {
  // In the constructor: modules are made before the first route is.
  constructor(host: HttpAdapterHost<FastifyAdapter>, @Inject(CALLERS) callers: Callers) {
    const fastify = host.httpAdapter.getInstance();
    fastify.decorateRequest('caller', undefined);
    fastify.addHook('onRoute', (route) => {
      const needs = route.config?.needs ?? 'operate';
      // By callback and not async: a caller who is known costs no promise.
      route.onRequest = [route.onRequest ?? []].flat();
      route.onRequest.unshift((request, _reply, done) => admit(callers, needs, request, done));
    });
  }

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
}

type Done = (error?: Error) => void;

function admit(callers: Callers, needs: Scope | 'nothing', request: FastifyRequest, done: Done): void {
  try {
    const caller = callers.of(request.headers.authorization);
    if (caller instanceof Promise) void admitLater(caller, needs, request, done);
    else enter(caller, needs, request, done);
  } catch (error) {
    refuse(error, needs, done);
  }
}

async function admitLater(
  lookedUp: Promise<Caller>,
  needs: Scope | 'nothing',
  request: FastifyRequest,
  done: Done,
): Promise<void> {
  let caller: Caller;
  try {
    caller = await lookedUp;
  } catch (error) {
    return refuse(error, needs, done);
  }
  enter(caller, needs, request, done);
}

function enter(caller: Caller, needs: Scope | 'nothing', request: FastifyRequest, done: Done): void {
  request.caller = caller;
  if (needs === 'nothing' || caller.scopes.has(needs)) done();
  else done(new Forbidden(needs));
}

// Where nothing is needed a credential only shows more: without a good one, or while none can be looked up, less is shown.
function refuse(error: unknown, needs: Scope | 'nothing', done: Done): void {
  done(needs === 'nothing' ? undefined : (error as Error));
}

/** Who has sent a request to a route that needs somebody. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('Bug: this route needs nothing, and so knows no caller');
  return caller;
}
