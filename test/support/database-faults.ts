import type { PostgresServer } from '@paid-once/infrastructure';
import type { LinkName } from '@paid-once/links';
import type { ServiceName } from '../../apps/cli/src/services.js';
import { eventually, type TestStack } from './test-stack.js';

/** One service and its way to its database: every fault is tried on each. */
export interface Subject {
  service: ServiceName;
  side: 'payments' | 'ledger';
  link: LinkName;
  /** Written to, in every transaction of the service. */
  table: string;
}

export const payments: Subject = {
  service: 'payments',
  side: 'payments',
  link: 'payments-postgres',
  table: 'payment_event',
};
export const relay: Subject = {
  service: 'relay',
  side: 'payments',
  link: 'relay-postgres',
  table: 'outbox_progress',
};
export const ledger: Subject = {
  service: 'ledger',
  side: 'ledger',
  link: 'ledger-postgres',
  table: 'transfer',
};

export interface DatabaseFault {
  /** Begins with the ids of its rows of the fault matrix: at the payments service, at the ledger. */
  title: string;
  /** Whether the service must say that it is not ready while it lasts. */
  unready: boolean;
  /** Whether nothing at all gets through while it lasts. */
  blocks: boolean;
  /** Breaks it. @returns how to make it whole again */
  inject: (system: TestStack, subject: Subject) => Promise<() => Promise<void>>;
}

/** What happens to the server as a whole: everybody who uses it meets it. */
export const serverFaults: DatabaseFault[] = [
  {
    title: 'B1 G1: waits for a database that is shut down, and goes on when it is started again',
    unready: true,
    blocks: true,
    inject: async (system, subject) => {
      const server = serverOf(system, subject);
      await server.kill('SIGINT');
      await eventually(async () => (await server.state()) === 'dead', 'Postgres is shut down');
      return () => server.restart();
    },
  },
  {
    title: 'B12 G8: waits while its database is read-only, and goes on when it is not',
    unready: true,
    blocks: true,
    inject: async (system, { side }) => {
      const set = async (value: 'on' | 'off') => {
        await system.sql(side, `ALTER SYSTEM SET default_transaction_read_only = ${value}`);
        await system.sql(side, 'SELECT pg_reload_conf()');
      };
      await set('on');
      return () => set('off');
    },
  },
  {
    title: 'B13 G8: loses nothing when every process of Postgres is killed at once',
    unready: true,
    blocks: true,
    inject: async (system, subject) => {
      const server = serverOf(system, subject);
      await server.kill('SIGKILL');
      return () => server.restart();
    },
  },
];

/** What happens to one service alone. */
export const roleFaults: DatabaseFault[] = [
  {
    title: 'B3 G3: lives when its sessions are ended again and again, in transactions and idle',
    unready: false,
    blocks: false,
    inject: async (system, subject) => {
      let ended = 0;
      for (let round = 0; round < 20 || ended < 10; round++) ended += await endSessions(system, subject);
      return async () => {};
    },
  },
  {
    title: 'B4 G4: gives frozen backends up after its own time-out, and goes on with others',
    unready: false,
    blocks: false,
    inject: async (system, subject) => {
      const frozen = await sessions(system, subject);
      if (frozen.length === 0) throw new Error('Bug: nobody is connected');
      for (const pid of frozen) process.kill(pid, 'SIGSTOP');
      return async () => frozen.forEach((pid) => process.kill(pid, 'SIGCONT'));
    },
  },
  {
    title: 'B5 G5: waits through a link that has gone silent, for old and new connections alike',
    unready: true,
    blocks: true,
    inject: async (system, { link }) => {
      await system.stack.links.breakWith(link, { kind: 'half-open' });
      return async () => void (await system.stack.links.heal(link));
    },
  },
  {
    title: 'B6 G6: waits for a locked table within bounds, and goes on when the lock is gone',
    unready: false,
    blocks: true,
    inject: async (system, { side, table }) =>
      system.holdTransaction(side, `LOCK TABLE ${table} IN EXCLUSIVE MODE`),
  },
  {
    title: 'B7 G7: waits while Postgres has no connection left for it',
    unready: true,
    blocks: true,
    inject: async (system, subject) => {
      await limitConnections(system, subject, 0);
      await endSessions(system, subject);
      return () => limitConnections(system, subject, -1);
    },
  },
  ...(['40001', '40P01', '55P03'] as const).map((state): DatabaseFault => ({
    title: {
      '40001': 'B8 G8: tries a whole transaction again after a serialization failure',
      '40P01': 'B8 G8: tries a whole transaction again after a deadlock',
      '55P03': 'B8 G8: tries a whole transaction again after a lock time-out',
    }[state],
    unready: false,
    blocks: true,
    inject: (system, subject) => failing(system, subject, state),
  })),
];

/** From now on each row that is written fails with this SQLSTATE. @returns how to make it whole again */
export async function failing(
  system: TestStack,
  { side, table }: Subject,
  sqlState: string,
): Promise<() => Promise<void>> {
  await system.sql(
    side,
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '${sqlState}'; END $$;
     CREATE TRIGGER fail BEFORE INSERT ON ${table} EXECUTE FUNCTION fail()`,
  );
  return async () => void (await system.sql(side, 'DROP FUNCTION fail CASCADE'));
}

/** The backends that serve a service now. */
async function sessions(system: TestStack, { service, side }: Subject): Promise<number[]> {
  const rows = await system.sql<{ pid: number }>(
    side,
    'SELECT pid FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()',
    [service],
  );
  return rows.map(({ pid }) => pid);
}

async function endSessions(system: TestStack, { service, side }: Subject): Promise<number> {
  const rows = await system.sql<{ ended: boolean }>(
    side,
    `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
      WHERE usename = $1 AND datname = current_database()`,
    [service],
  );
  return rows.filter(({ ended }) => ended).length;
}

async function limitConnections(system: TestStack, { service, side }: Subject, limit: number): Promise<void> {
  await system.sql(side, `ALTER ROLE ${service} CONNECTION LIMIT ${limit}`);
}

function serverOf({ stack: { servers } }: TestStack, { side }: Subject): PostgresServer {
  if (!servers) throw new Error('Bug: these faults need servers of their own');
  return side === 'payments' ? servers.paymentsDb : servers.ledgerDb;
}
