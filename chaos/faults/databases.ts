import { nothingToHeal, text, type FaultKind, type With } from '../fault.js';
import type { Side } from '../system.js';

const sides = ['payments', 'ledger'] as const satisfies readonly Side[];
const sideOf = (drawn: With) => text(drawn, 'side') as Side;
const holds = (drawn: With) => [`${text(drawn, 'side')}Db`];
const draw: FaultKind['draw'] = (dice) => ({ side: dice.pick(sides) });

const sessionsEnd: FaultKind = {
  name: 'sessions are ended',
  pack: 'store',
  lastsMs: [0, 0],
  draw,
  holds,
  inject: async (system, drawn) => {
    await system.sql(
      sideOf(drawn),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename IN ('payments', 'relay', 'ledger') AND random() < 0.7`,
    );
    return nothingToHeal;
  },
};

const sessionFreezes: FaultKind = {
  name: 'sessions freeze',
  pack: 'store',
  lastsMs: [1_000, 5_000],
  draw,
  holds,
  inject: async (system, drawn) => {
    const found = await system.sql<{ pid: number }>(
      sideOf(drawn),
      `SELECT pid FROM pg_stat_activity WHERE usename IN ('payments', 'relay', 'ledger') ORDER BY random() LIMIT 3`,
    );
    const signal = (name: NodeJS.Signals) => {
      for (const { pid } of found) {
        try {
          process.kill(pid, name);
        } catch {
          // it has ended by itself
        }
      }
    };
    signal('SIGSTOP');
    return async () => signal('SIGCONT');
  },
};

const readOnly: FaultKind = {
  name: 'database is read-only',
  pack: 'store',
  lastsMs: [1_000, 5_000],
  draw,
  holds,
  inject: async (system, drawn) => {
    const set = async (value: 'on' | 'off') => {
      await system.sql(sideOf(drawn), `ALTER SYSTEM SET default_transaction_read_only = ${value}`);
      await system.sql(sideOf(drawn), 'SELECT pg_reload_conf()');
    };
    await set('on');
    return () => set('off');
  },
};

/** What every transaction of a service writes to. */
const written = {
  payments: ['payment_event', 'outbox_message', 'outbox_progress'],
  ledger: ['transfer', 'inbox_message'],
};

const tableLocked: FaultKind = {
  name: 'a table is locked',
  pack: 'store',
  lastsMs: [500, 4_000],
  draw: (dice) => {
    const side = dice.pick(sides);
    return { side, table: dice.pick(written[side]) };
  },
  holds,
  inject: (system, drawn) =>
    system.holdTransaction(sideOf(drawn), `LOCK TABLE ${text(drawn, 'table')} IN EXCLUSIVE MODE`),
};

/** Whatever reads by transaction ids must not wait for it, nor pass what it has not seen. */
const longTransaction: FaultKind = {
  name: 'a transaction stays open',
  pack: 'store',
  lastsMs: [2_000, 10_000],
  draw,
  holds: (drawn) => [`long ${text(drawn, 'side')}`],
  inject: (system, drawn) => system.holdTransaction(sideOf(drawn), 'SELECT pg_current_xact_id()'),
};

const roles = { payments: ['payments', 'relay'], ledger: ['ledger'] };

const fewConnections: FaultKind = {
  name: 'no connection is left',
  pack: 'store',
  lastsMs: [1_000, 4_000],
  draw: (dice) => {
    const side = dice.pick(sides);
    return { side, role: dice.pick(roles[side]) };
  },
  holds,
  inject: async (system, drawn) => {
    const [side, role] = [sideOf(drawn), text(drawn, 'role')];
    const [before] = await system.sql<{ most: number }>(
      side,
      `SELECT rolconnlimit AS most FROM pg_roles WHERE rolname = '${role}'`,
    );
    const allow = (most: number) => system.sql(side, `ALTER ROLE ${role} CONNECTION LIMIT ${most}`);
    await allow(1);
    await system.sql(
      side,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
    );
    return () => allow(before?.most ?? -1);
  },
};

export const databaseFaults = [
  sessionsEnd,
  sessionFreezes,
  readOnly,
  tableLocked,
  longTransaction,
  fewConnections,
];
