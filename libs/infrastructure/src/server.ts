/** stopped: frozen by SIGSTOP, or paused; it holds its connections and answers nothing. */
export type ProcessState = 'running' | 'stopped' | 'dead';

/** What a run or a test may do to any server of its own, whether it is a process here or a container. */
export interface Server {
  /** The server's own process (postmaster, beam), not a shell around it; undefined for a container. */
  readonly pid: number | undefined;
  /** How it is now, whoever has killed or frozen it. */
  state(): Promise<ProcessState>;
  /**
   * Sends a signal to the server. SIGKILL, SIGSTOP and SIGCONT reach its children too, and it resolves when the server
   * is gone, frozen or thawed as a whole.
   */
  kill(signal: NodeJS.Signals): Promise<void>;
  /**
   * Stops the server, also a frozen or dead one, and removes what was not to be kept. It may be called again. A restart
   * that is under way gives up.
   * @param options.quick ends it with kill -9: for throw-away copies, where a gentle stop only costs seconds
   */
  stop(options?: { quick?: boolean }): Promise<void>;
  /**
   * Stops the server, unless it is down already, and starts it on the same data, ports and passwords; resolves when it
   * answers.
   * @throws Error it does not come up, or `stop` was called meanwhile
   */
  restart(options?: { quick?: boolean }): Promise<void>;
}

export interface PostgresServer extends Server {
  readonly port: number;
  /** The superuser's URL, straight to the server. */
  adminUrl(database: string): string;
  /** Creates the database unless it is there. */
  createDatabase(name: string): Promise<void>;
}

export interface RabbitServer extends Server {
  readonly amqpPort: number;
  readonly managementPort: number;
  readonly vhost: string;
  /** The management API with its administrator: http://admin:password@127.0.0.1:port */
  readonly adminUrl: string;
  /** The administrator's own AMQP URL: full rights in `vhost`. */
  readonly adminAmqpUrl: string;
  amqpUrl(user: string, password: string): string;
  /** Runs `rabbitmqctl` against this node and returns what it printed. */
  ctl(args: string[]): Promise<string>;
}

export interface RedisServer extends Server {
  readonly port: number;
  /** With its password: redis://:password@127.0.0.1:port */
  readonly url: string;
}

/** Called with each line that a server or service writes. */
export type OnLine = (line: string) => void;

export type ServersKind = 'local' | 'containers';

/** How a process ended: one of the two is null. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The servers' ports when they must not be chosen freely. */
export interface ServerPorts {
  paymentsDb?: number;
  ledgerDb?: number;
  amqp?: number;
  management?: number;
}

export interface Servers {
  readonly kind: ServersKind;
  /** Holds the database `payments`. */
  readonly paymentsDb: PostgresServer;
  /** Holds the database `ledger`. */
  readonly ledgerDb: PostgresServer;
  readonly broker: RabbitServer;
  /** Stops all three: gently when they are kept, quickly when not. */
  stop(): Promise<void>;
}
