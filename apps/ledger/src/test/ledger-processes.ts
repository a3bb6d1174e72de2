import type { FaultPoint } from '@paid-once/service';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BrokerRig } from './broker-rig.js';
import type { LedgerRig } from './ledger-rig.js';

const program = join(process.cwd(), 'dist/apps/ledger/src/main.js');

/** Ledgers as processes of their own, in lab mode. */
export class LedgerProcesses {
  private readonly running: ChildProcess[] = [];

  constructor(
    private readonly ledger: LedgerRig,
    private readonly broker: BrokerRig,
  ) {}

  start(crashAt?: FaultPoint): ChildProcess {
    const child = spawn(process.execPath, [program], {
      env: {
        PAID_ONCE_LAB: 'true',
        PAID_ONCE_LEDGER_DB_URL: this.ledger.setup.serviceUrl,
        PAID_ONCE_LEDGER_AMQP_URL: this.broker.url('ledger'),
        PAID_ONCE_LEDGER_PORT: String(20_000 + (process.pid % 20_000) + this.running.length),
        ...(crashAt && { PAID_ONCE_CRASH_AT: crashAt }),
      },
      stdio: 'ignore',
    });
    this.running.push(child);
    return child;
  }

  kill(): void {
    for (const child of this.running.splice(0)) child.kill('SIGKILL');
  }
}

/** The exit code, or the signal that ended it. */
export async function exitOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
