import { freePorts } from '@paid-once/infrastructure';
import type { FaultPoint } from '@paid-once/service';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BrokerRig } from './broker-rig.js';
import type { LedgerRig } from './ledger-rig.js';

const program = join(process.cwd(), 'dist/apps/ledger/src/main.js');
const deadlyMessage = join(process.cwd(), 'apps/ledger/src/test/deadly-message.mjs');

/** Ledgers as processes of their own, in lab mode if their database is. */
export class LedgerProcesses {
  private readonly running: ChildProcess[] = [];

  constructor(
    private readonly ledger: LedgerRig,
    private readonly broker: BrokerRig,
  ) {}

  async start(crashAt?: FaultPoint): Promise<ChildProcess> {
    return (await this.spawn([program], crashAt && { PAID_ONCE_CRASH_AT: crashAt })).child;
  }

  /** One that dies of posting a payment with the reference `deadly`. */
  startVulnerable(): Promise<{ child: ChildProcess; url: string }> {
    return this.spawn(['--import', deadlyMessage, program]);
  }

  /** The release that does not. */
  startFixed(): Promise<{ child: ChildProcess; url: string }> {
    return this.spawn([program]);
  }

  private async spawn(
    command: string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<{ child: ChildProcess; url: string }> {
    const [port = 0] = await freePorts(1);
    const child = spawn(process.execPath, command, {
      env: {
        PAID_ONCE_LAB: String(this.ledger.setup.lab),
        PAID_ONCE_LEDGER_DB_URL: this.ledger.setup.serviceUrl,
        PAID_ONCE_LEDGER_AMQP_URL: this.broker.url('ledger'),
        PAID_ONCE_LEDGER_TRUSTS: this.broker.relayUser,
        PAID_ONCE_LEDGER_PORT: String(port),
        ...environment,
      },
      stdio: 'ignore',
    });
    this.running.push(child);
    return { child, url: `http://127.0.0.1:${port}` };
  }

  kill(): void {
    for (const child of this.running.splice(0)) child.kill('SIGKILL');
  }
}

/** Whether it has its database and consumes. */
export async function isReady(url: string): Promise<boolean> {
  return await fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The exit code, or the signal that ended it. */
export async function exitOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
