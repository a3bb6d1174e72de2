/**
 * Every variable of ours that any program reads, without the prefix: a stack gives all of them to each process. What is
 * not here is a slip of the pen, and would be a default that nobody asked for.
 */
const names = `
  API_KEY
  BROKER_ADMIN_URL
  BROKER_UPSTREAM
  CHROMIUM
  COMMAND
  CONNECTIONS
  CONSOLE_HOSTS
  CONSOLE_PORT
  CONSOLE_READ_ONLY
  CRASH_AT
  DB_TIMEOUT_MS
  DB_URL
  DRAIN_MS
  HEARTBEAT_SECONDS
  HOST
  INBOX_RETENTION_MINUTES
  INSTALL
  LAB
  LAB_NETWORK
  LAUNCHED
  LEDGER_ADMIN_DB_URL
  LEDGER_AMQP_URL
  LEDGER_BATCH_SIZE
  LEDGER_DB_URL
  LEDGER_PORT
  LEDGER_PREFETCH
  LEDGER_RETENTION_DB_URL
  LEDGER_TRUSTS
  LEDGER_URL
  LIFELINE
  LINK_PORT
  LINK_URL
  MAX_CONNECTIONS
  ORDER
  OUTBOX_RETENTION_MINUTES
  PAYMENTS_ADMIN_DB_URL
  PAYMENTS_AMQP_URL
  PAYMENTS_BACKLOG
  PAYMENTS_BATCH
  PAYMENTS_DB_URL
  PAYMENTS_POOL
  PAYMENTS_PORT
  PAYMENTS_RETENTION_DB_URL
  PAYMENTS_URL
  PAYMENT_UPSTREAM
  RECONNECT_MAX_MS
  RECORD_CONTRACTS
  RECORD_COSTS
  REDIS_URL
  RELAY_AMQP_URL
  RELAY_CONFIRM_TIMEOUT_MS
  RELAY_DB_URL
  RELAY_LEDGER_KEY
  RELAY_PORT
  RELAY_SLICE
  RELAY_URL
  REPAIR_EVERY_SECONDS
  REPLAY_PER_SECOND
  REQUEST_TIMEOUT_MS
  REQUESTS_PER_SECOND
  RETENTION_EVERY_SECONDS
  ROWS
  RUN_ID
  SERVERS
  SHARDS
  SHOWN_URL
  STAND_STILL
  TOXIPROXY_PORT
  TOXIPROXY_URL
  TTL_SECONDS
`;

const prefix = 'PAID_ONCE_';
export const knownVariables = new Set(
  names
    .trim()
    .split(/\s+/)
    .map((name) => prefix + name),
);

/**
 * @param schema what this program reads
 * @returns those of our prefix that no program knows, each with what may have been meant
 */
export function unknownVariables(environment: NodeJS.ProcessEnv, schema: string[]) {
  const isKnown = (variable: string) => knownVariables.has(variable) || schema.includes(variable);
  const given = Object.keys(environment).filter((variable) => variable.startsWith(prefix));
  return given
    .filter((variable) => !isKnown(variable) && !isKnown(variable.replace(/_FILE$/, '')))
    .map((variable) => {
      const near = [...knownVariables, ...schema].find((each) => isOneSlipAway(variable, each));
      return { variable, fault: `is no variable of ours${near ? `; is ${near} meant?` : ''}` };
    });
}

/** One character more, less or other, or two that changed places. */
function isOneSlipAway(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const [afterA, afterB] = [restA.slice(1), restB.slice(1)];
  const isSwap = restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  return afterA === restB || restA === afterB || afterA === afterB || isSwap;
}
