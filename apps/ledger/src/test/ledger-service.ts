import { ConsoleLogger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApplication } from '@paid-once/service';
import { asDescribed } from '../../../../test/support/as-described.js';
import { keyForAll, showing } from '../../../../test/support/with-key.js';
import { LedgerModule } from '../ledger.module.js';
import { PaymentsConsumer } from '../payments.consumer.js';
import { ledgerSettings } from '../settings.js';
import { BrokerRig } from './broker-rig.js';
import { eventually } from './eventually.js';
import { LedgerRig } from './ledger-rig.js';

/** The whole ledger process, without its port, on servers of its own. */
export class LedgerService {
  private constructor(
    readonly ledger: LedgerRig,
    readonly broker: BrokerRig,
    readonly logged: RecordingLogger,
    readonly app: NestFastifyApplication,
  ) {}

  static async start(
    options: {
      lab?: boolean;
      server?: { adminUrl: string; amqpPort: number };
      amqpPort?: (broker: BrokerRig) => Promise<number>;
      settings?: object;
    } = {},
  ): Promise<LedgerService> {
    const [ledger, broker] = await Promise.all([
      LedgerRig.create({ lab: options.lab ?? false }),
      BrokerRig.create(options.server),
    ]);
    const amqpPort = await options.amqpPort?.(broker);
    const settings = ledgerSettings.parse({
      PAID_ONCE_LEDGER_DB_URL: ledger.setup.serviceUrl,
      PAID_ONCE_LEDGER_AMQP_URL: broker.url('ledger', amqpPort),
      PAID_ONCE_LEDGER_TRUSTS: broker.relayUser,
      PAID_ONCE_LAB: options.lab ? 'true' : undefined,
      ...options.settings,
    });
    const logger = new RecordingLogger();
    const app = await createHttpApplication(LedgerModule.with(settings), logger);
    if (!options.lab) showing(await keyForAll(ledger.setup.adminUrl), app);
    await app.init();
    const service = new LedgerService(ledger, broker, logger, asDescribed(app));
    await eventually(async () => (await service.get('/health/ready')).status === 200);
    return service;
  }

  async get(url: string): Promise<{ status: number; body: unknown; text: string }> {
    return await this.ask('GET', url);
  }

  async ask(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) {
    const answer = await this.app.inject({ method, url, payload });
    const isJson =
      String(answer.headers['content-type']).includes('json;') || answer.payload.startsWith('{"');
    return {
      status: answer.statusCode,
      body: isJson ? tryJson(answer.payload) : undefined,
      text: answer.payload,
    };
  }

  async count(table: string): Promise<number> {
    const [row] = await this.ledger.admin.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM ${table}`,
    );
    return row?.count ?? 0;
  }

  /** How many messages are not acknowledged: what is in the queues when its consumer has let go of them. */
  async left(): Promise<number> {
    return await this.whilePaused(() => this.broker.left());
  }

  async whilePaused<Result>(work: () => Promise<Result>): Promise<Result> {
    return await this.app.get(PaymentsConsumer, { strict: false }).whilePaused(work);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.broker.drop();
    await this.ledger.drop();
  }
}

export class RecordingLogger extends ConsoleLogger {
  readonly errors: unknown[] = [];
  /** What was logged as neither error nor fault, in order. */
  readonly said: unknown[] = [];
  override log(message: unknown): void {
    this.said.push(message);
  }
  override warn(message: unknown): void {
    this.said.push(message);
  }
  override error(message: unknown): void {
    this.errors.push(message);
  }
  override fatal(message: unknown): void {
    this.errors.push(message);
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // NDJSON
  }
}
