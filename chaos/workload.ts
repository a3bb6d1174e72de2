import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.js';
import type { Completed, History, Invoked } from './history.js';
import type { Operation } from './operations.js';

/** What a workload knows of a payment or reversal that it wants. */
interface Wanted {
  key: string;
  body: string;
  /** Of a reversal. */
  reverses?: string;
  /** Its first answer that was 2xx; undefined: not known yet. */
  paymentId?: string;
  isReversed?: boolean;
}

const mostAtOnce = 64;

/** Asks the system for what was planned, each operation at its time, whatever became of those before. */
export class Workload {
  private readonly wanted = new Map<string, Wanted>();
  private atWork = 0;

  constructor(
    private readonly client: Client,
    private readonly history: History,
    private readonly seed: number,
  ) {}

  async run(operations: readonly Operation[], signal: AbortSignal): Promise<void> {
    const running: Promise<void>[] = [];
    for (const operation of operations) {
      const waitMs = operation.atMs - this.history.nowMs;
      if (waitMs > 0) await pause(waitMs, undefined, { signal });
      while (this.atWork >= mostAtOnce) await pause(10, undefined, { signal });
      this.atWork++;
      running.push(this.do(operation).finally(() => this.atWork--));
    }
    await Promise.all(running);
  }

  /** Asks again for each whose outcome is not known, until it is. @throws when the signal comes first */
  async resolve(signal: AbortSignal): Promise<void> {
    for (const wanted of this.unknown())
      while (wanted.paymentId === undefined) {
        const { type } = await this.ask(wanted, { op: -1, kind: 'retry', to: 'payments-2' });
        if (type === 'fail') break; // a violation, which the checker tells
        if (type === 'info') await pause(200, undefined, { signal });
      }
  }

  private async do(operation: Operation): Promise<void> {
    const { op, kind, to, choice, body } = operation;
    const key = `${this.seed}-${op}`;
    switch (kind) {
      case 'pay':
        return void (await this.ask(this.want({ key, body }), { op, kind, to }));
      case 'twice': {
        const wanted = this.want({ key, body });
        const both = ['payments', 'payments-2'] as const;
        return void (await Promise.all(both.map((each) => this.ask(wanted, { op, kind, to: each }))));
      }
      case 'retry': {
        const wanted = chosen(this.unknown(), choice);
        return void (wanted && (await this.ask(wanted, { op, kind, to })));
      }
      case 'reverse':
        return this.reverse(operation, key);
      case 'other body': {
        const paid = chosen(this.paid(), choice);
        return void (paid && (await this.post({ op, kind, to, path: '/payments', key: paid.key, body })));
      }
      case 'illegal':
        return void (await this.post({ op, kind, to, path: '/payments', key, body }));
      case 'read': {
        const paymentId = chosen(this.paid(), choice)?.paymentId;
        if (paymentId === undefined) return;
        const request = { method: 'GET', path: `/payments/${paymentId}` } as const;
        await this.client.send({ op, kind, to, request, paymentId });
      }
    }
  }

  private async reverse({ op, kind, to, choice }: Operation, key: string): Promise<void> {
    const payment = chosen(
      this.paid().filter(({ isReversed }) => !isReversed),
      choice,
    );
    if (payment?.paymentId === undefined) return;
    payment.isReversed = true;
    await this.ask(this.want({ key, body: '', reverses: payment.paymentId }), { op, kind, to });
  }

  private async ask(
    wanted: Wanted,
    asked: Pick<Invoked, 'op' | 'kind'> & { to: Operation['to'] },
  ): Promise<Completed> {
    const { key, body, reverses } = wanted;
    const outcome = await (reverses === undefined
      ? this.post({ ...asked, path: '/payments', key, body })
      : this.post({ ...asked, path: `/payments/${reverses}/reversal`, key, paymentId: reverses }));
    if (outcome.type === 'ok') wanted.paymentId ??= String((outcome.answer as { id?: unknown }).id);
    return outcome;
  }

  private post(asked: {
    op: number;
    kind: Invoked['kind'];
    to: Operation['to'];
    path: string;
    key: string;
    body?: string;
    paymentId?: string;
  }): Promise<Completed> {
    const { op, kind, to, path, key, body, paymentId } = asked;
    return this.client.send({
      op,
      kind,
      to,
      request: { method: 'POST', path, key, ...(body !== undefined && { body }) },
      ...(paymentId !== undefined && { paymentId }),
    });
  }

  private want(wanted: Wanted): Wanted {
    this.wanted.set(wanted.key, wanted);
    return wanted;
  }

  private unknown(): Wanted[] {
    return [...this.wanted.values()].filter(({ paymentId }) => paymentId === undefined);
  }

  private paid(): Wanted[] {
    return [...this.wanted.values()].filter(
      ({ paymentId, reverses }) => paymentId !== undefined && reverses === undefined,
    );
  }
}

function chosen<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[Math.floor(choice * items.length)];
}
