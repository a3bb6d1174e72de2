import type { Server } from '@paid-once/infrastructure';
import type { ProcessInfo } from './process-info.js';
import type { Stack } from './start-stack.js';
import type { SupervisedService } from './supervised-service.js';

/** A part of the running system that can be killed, frozen and started again. */
export interface ManagedProcess {
  readonly name: string;
  readonly kind: ProcessInfo['kind'];
  /** undefined in a container. While it is down this may still be the last one. */
  readonly pid: number | undefined;
  state(): Promise<ProcessInfo['state']>;
  /** Resolves when the signal has had its effect. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Stops it gently, starts it, and waits until it is ready. @throws Error or CliFailure saying why it is not */
  restart(): Promise<void>;
}

/**
 * All that the launcher started, in the order of a payment's path; servers that were given by URL are not ours.
 * @param console the page's process, where there is one
 */
export function managedProcesses(
  { instances, servers }: Pick<Stack, 'instances' | 'servers'>,
  console?: SupervisedService,
): ManagedProcess[] {
  return [
    ...[...instances.payments, ...instances.relay, ...instances.ledger].map(managedService),
    ...(servers === undefined
      ? []
      : [
          managedServer('payments-db', servers.paymentsDb),
          managedServer('rabbitmq', servers.broker),
          managedServer('ledger-db', servers.ledgerDb),
        ]),
    ...(console === undefined ? [] : [managedService(console)]),
  ];
}

/** A service that lacks something it needs lives, and is not ready: nobody should wait for it long. */
const readyLimitMs = 20_000;

function managedService(service: SupervisedService): ManagedProcess {
  return {
    name: service.name,
    kind: 'service',
    get pid() {
      return service.pid;
    },
    state: async () => service.state,
    kill: (signal) => service.kill(signal),
    restart: () => service.restart(readyLimitMs),
  };
}

function managedServer(name: string, server: Server): ManagedProcess {
  return {
    name,
    kind: 'server',
    get pid() {
      return server.pid;
    },
    state: () => server.state(),
    kill: (signal) => server.kill(signal),
    restart: () => server.restart(),
  };
}
