import type { Delivery } from '@paid-once/broker';
import type { DeliveryListener, Subscription } from '../batch-consumer.js';

/** A channel as a broker would keep it: what is delivered, what is acknowledged. */
export class FakeSubscription implements Subscription {
  readonly state = { kind: 'consuming', queues: ['queue.0'] } as const;
  readonly acks: number[] = [];
  closed = false;
  private tag = 0;

  constructor(private readonly listener: DeliveryListener) {}

  deliver(
    messages: { messageId: string; body: string; deliveryCount?: number }[],
    headers: Record<string, unknown>,
  ): void {
    for (const { messageId, body, deliveryCount = 0 } of messages)
      this.listener.onDelivery({
        queue: 'queue.0',
        deliveryTag: ++this.tag,
        messageId,
        headers,
        body: Buffer.from(body),
        deliveryCount,
        redelivered: deliveryCount > 0,
      });
  }

  lose(): void {
    this.tag = 0;
    this.listener.onLost();
  }

  ackUpTo({ deliveryTag }: Delivery): void {
    this.acks.push(deliveryTag);
  }

  async pause(): Promise<void> {
    this.closed = true;
  }

  resume(): void {
    this.closed = false;
  }

  async purge(): Promise<void> {}

  async close(): Promise<void> {
    this.closed = true;
  }
}
