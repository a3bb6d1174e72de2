import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { ConsoleLogger, Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { apiDocument } from './api-document.js';
import { obeyBodyLimits } from './body-limit.js';
import { maxBodyBytes, parseJsonBodies } from './json-body.js';
import { applyLabSettings } from './lab-guard.js';
import { ProblemFilter } from './problem.filter.js';
import { maxConnections, requestTimeoutMs, type ServiceSettings } from './configuration.js';
import { exitOnBadSettings } from './settings.js';
import { TemporarilyUnavailable } from './problem.js';
import { limitRate } from './rate-limit.js';
import { Routes } from './routes.js';
import { hardenAnswers } from './security-headers.js';
import { ServiceLogger } from './service-logger.js';
import { traceRequests } from './trace-requests.js';
import { startTracing } from './tracing.js';
import { answerUnreadable, answerUnroutable } from './unreadable-request.js';
import { Waiting } from './waiting.js';

/** As the CLI's: what is needed cannot be had. */
const exitCodePortTaken = 3;

/**
 * Starts a process of ours: its HTTP side at once, whatever it depends on; the rest as that becomes reachable.
 * SIGTERM, SIGINT and the end of the launcher's pipe stop it: what is in hand is finished first.
 */
export async function runService(options: {
  name: string;
  module: Type | { module: Type };
  settings: ServiceSettings;
  port: number;
  portVariable: string;
  /** Before it listens: for what is no controller. */
  prepare?: (fastify: FastifyInstance) => Promise<void>;
}): Promise<NestFastifyApplication> {
  const { name, settings, port } = options;
  exitOnBadSettings(() => applyLabSettings(settings));
  surviveClosedOutput();
  const logger = new ServiceLogger(name);
  const stopTracing = await startTracing(name);
  const app = await createHttpApplication(options.module, logger, {
    arrivalMs: settings.PAID_ONCE_REQUEST_TIMEOUT_MS,
    maxConnections: settings.PAID_ONCE_MAX_CONNECTIONS,
    requestsPerSecond: settings.PAID_ONCE_REQUESTS_PER_SECOND,
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onClose', () => stopTracing().catch(() => {})); // where they go is away
  app.enableShutdownHooks([], { useProcessExit: true });
  if (settings.PAID_ONCE_LIFELINE === 'stdin') stopWhenLauncherIsGone();
  publishDocs(app, name);
  await options.prepare?.(app.getHttpAdapter().getInstance());
  try {
    await app.listen({ port, host: settings.PAID_ONCE_HOST });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    logger.fatal(`port ${port} is taken: stop what listens there, or set ${options.portVariable}`);
    process.exit(exitCodePortTaken);
  }
  logger.log(`listening on ${settings.PAID_ONCE_HOST}:${port}, Node ${process.version}`);
  if (settings.PAID_ONCE_LAB)
    logger.warn('lab mode: anybody who reaches this port can reset and break things');
  return app;
}

export interface Limits {
  /** How long a request may take to arrive, in milliseconds: a client that sends a byte a second holds nobody up. */
  arrivalMs?: number | undefined;
  /** How many may be open at once: those above are closed as they come. */
  maxConnections?: number | undefined;
  /** How many requests a client may send in a second; 0, and by default: any number. */
  requestsPerSecond?: number | undefined;
}

/** The application without its port: what `runService` runs and what a test can call. */
export async function createHttpApplication(
  module: Type | { module: Type },
  logger: ConsoleLogger | false,
  limits: Limits = {},
): Promise<NestFastifyApplication> {
  const {
    arrivalMs = requestTimeoutMs,
    maxConnections: most = maxConnections,
    requestsPerSecond = 0,
  } = limits;
  const adapter = new FastifyAdapter({
    bodyLimit: maxBodyBytes,
    genReqId: () => randomUUID(),
    requestTimeout: arrivalMs,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: answerUnroutable,
    http: {
      headersTimeout: Math.round((arrivalMs * 2) / 3),
      connectionsCheckingInterval: Math.min(1_000, arrivalMs / 3),
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  if (requestsPerSecond > 0) await limitRate(app, requestsPerSecond);
  hardenAnswers(adapter.getInstance());
  parseJsonBodies(adapter.getInstance());
  obeyBodyLimits(adapter.getInstance());
  const routes = new Routes(adapter.getInstance());
  routesOfApps.set(app, routes);
  finishWhatIsInHand(adapter.getInstance());
  traceRequests(adapter.getInstance());
  boundConnections(adapter.getInstance().server, most);
  app.useGlobalFilters(new ProblemFilter(routes));
  return app;
}

const idleLookMs = 50;

// Node closes the connections that are idle when its server stops, but keeps those that become idle after that for as
// long as a client likes: the process would end only by kill -9. What is asked meanwhile is answered 503, and why.
function finishWhatIsInHand(fastify: FastifyInstance): void {
  let isStopping = false;
  fastify.addHook('onRequest', (_request, _reply, done) => {
    done(
      isStopping
        ? new TemporarilyUnavailable(
            'This process stops. Nothing was done; send the request again, on a new connection.',
          )
        : undefined,
    );
  });
  fastify.addHook('preClose', (done) => {
    isStopping = true;
    const closing = setInterval(() => fastify.server.closeIdleConnections(), idleLookMs);
    fastify.server.once('close', () => clearInterval(closing));
    done();
  });
}

function boundConnections(server: Server, most: number): void {
  const room = new Waiting(new Logger('http'), 'room for another connection');
  server.maxConnections = most;
  server.on('drop', () =>
    room.because(`${most} are open (PAID_ONCE_MAX_CONNECTIONS), those above are closed as they come`),
  );
  server.on('connection', () => room.overAfterQuiet());
}

const routesOfApps = new WeakMap<object, Routes>();

/** @param app of `createHttpApplication`, initialised */
export function documentOf(app: NestFastifyApplication, name: string) {
  return apiDocument(app, name, routesOf(app));
}

/** What such an application answers to, as `GET /payments/{id}`. */
export function servedRoutes(app: NestFastifyApplication): string[] {
  return routesOf(app).all;
}

function routesOf(app: NestFastifyApplication): Routes {
  const routes = routesOfApps.get(app);
  if (!routes) throw new Error('Bug: this application was made otherwise');
  return routes;
}

function publishDocs(app: NestFastifyApplication, name: string): void {
  SwaggerModule.setup('docs', app, () => documentOf(app, name));
}

// A log reader that goes away must not take payments with it: without a listener EPIPE ends the process.
function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

function stopWhenLauncherIsGone(): void {
  process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).on('error', () => {});
  process.stdin.resume();
}
