import { readdirSync, readFileSync } from 'node:fs';
import type { SupervisedService } from '../apps/cli/src/stack/supervised-service.js';
import { chainHeads, type ChainHead } from '../apps/cli/src/chain.js';
import { serviceOf } from './fault.js';
import type { ChaosSystem } from './system.js';

const everyMs = 500;
const answerMs = 2_000;
const readyMs = 1_000;

/** What was seen of the processes while they ran. Counters of a process that dies are lost from the last look on. */
export class Observer {
  /** Messages that came to a ledger again. */
  repeated = 0;
  /** Messages that RabbitMQ delivered again. */
  redelivered = 0;
  readonly heads: ChainHead[] = [];
  private readonly unready = new Map<string, number[]>();
  private readonly counters = new Map<string, number>();
  private readonly most = new Map<string, { memoryMb: number; files: number }>();
  private readonly ended = new AbortController();
  private looking: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly system: ChaosSystem,
    private readonly nowMs: () => number,
  ) {}

  start(): void {
    const { processes } = this.system;
    const counters = () =>
      Promise.all([...processes.map((each) => this.lookAt(each)), this.lookAtBroker(), this.lookAtChain()]);
    // Each by itself: one that does not answer holds up no other.
    this.looking = Promise.all([
      ...processes.map((each) => this.again(() => this.lookWhetherReady(each))),
      this.again(counters),
    ]);
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.looking;
  }

  /** Whether this process said between these times that it was not ready, or said nothing. */
  wasUnready(name: string, fromMs: number, toMs: number): boolean {
    return (this.unready.get(name) ?? []).some((atMs) => atMs >= fromMs && atMs <= toMs);
  }

  /** The largest process: resident memory in MB, and open files with sockets. */
  peaks(): { memoryMb: number; files: number } {
    const all = [...this.most.values()];
    return {
      memoryMb: Math.max(0, ...all.map(({ memoryMb }) => memoryMb)),
      files: Math.max(0, ...all.map(({ files }) => files)),
    };
  }

  private async again(look: () => Promise<unknown>): Promise<void> {
    while (!this.ended.signal.aborted) {
      const next = new Promise((resolve) => setTimeout(resolve, everyMs));
      await look();
      await next;
    }
  }

  private async lookWhetherReady({ name, url }: SupervisedService): Promise<void> {
    const atMs = this.nowMs();
    if (!(await answers(`${url}/health/ready`)))
      this.unready.set(name, [...(this.unready.get(name) ?? []), atMs]);
  }

  private async lookAt({ name, url, pid }: SupervisedService): Promise<void> {
    if (pid === undefined) return;
    this.measure(name, pid);
    if (serviceOf(name) !== 'ledger') return;
    const status = (await json(`${url}/status`)) as Status | undefined;
    if (!status) return;
    const repeated = Object.values(status.duplicates ?? {}).reduce((sum, count) => sum + count, 0);
    this.repeated += this.growthOf(`repeated ${pid}`, repeated);
  }

  private async lookAtBroker(): Promise<void> {
    const { broker, vhost } = this.system;
    const queues = (await broker.ask('GET', ['queues', vhost]).catch(() => [])) as QueueStats[];
    for (const { name, message_stats: stats } of queues)
      this.redelivered += this.growthOf(`redelivered ${name}`, stats?.redeliver ?? 0);
  }

  /** What was posted once is to be there in the end: the chain's heads, as they were seen. */
  private async lookAtChain(): Promise<void> {
    const found = await chainHeads(this.system.process('ledger').url, AbortSignal.timeout(answerMs)).catch(
      () => undefined,
    );
    for (const head of found?.heads ?? [])
      if (this.growthOf(`chain ${head.shard}`, Number(head.seq)) > 0) this.heads.push(head);
  }

  /** By how much a counter has grown since it was seen last; one that began anew counts from zero. */
  private growthOf(counter: string, value: number): number {
    const before = this.counters.get(counter) ?? 0;
    this.counters.set(counter, value);
    return value >= before ? value - before : value;
  }

  private measure(name: string, pid: number): void {
    try {
      const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const files = readdirSync(`/proc/${pid}/fd`).length;
      const before = this.most.get(name) ?? { memoryMb: 0, files: 0 };
      this.most.set(name, {
        memoryMb: Math.max(before.memoryMb, Math.round(Number(kb ?? 0) / 1_024)),
        files: Math.max(before.files, files),
      });
    } catch {
      // it has just died
    }
  }
}

interface Status {
  duplicates?: Record<string, number>;
}
interface QueueStats {
  name: string;
  message_stats?: { redeliver?: number };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(readyMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function json(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
