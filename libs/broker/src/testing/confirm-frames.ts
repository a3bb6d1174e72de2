import { ack, framesOf, isMethod, nack } from './amqp-frames.js';
import { TestLink } from './test-link.js';

/**
 * A link on which the broker's confirms do not get through: the test gives its own, in whatever order. No real broker
 * can be told to confirm out of order, and all of them may.
 */
export class ConfirmingLink {
  private constructor(readonly link: TestLink) {}

  static async to(brokerPort: number): Promise<ConfirmingLink> {
    let unread: Buffer = Buffer.alloc(0);
    const link = await TestLink.to(brokerPort, (chunk, saidBefore) => {
      unread = saidBefore === 0 ? chunk : Buffer.concat([unread, chunk]);
      const { whole, rest } = framesOf(unread);
      unread = rest;
      return whole.filter((frame) => !isMethod(frame, ack));
    });
    return new ConfirmingLink(link);
  }

  /** As the broker would on the first channel that was opened after the connection's own check: the lane's. */
  confirm(tag: number, { multiple = false, refused = false, channel = 1 } = {}): void {
    const [classId, methodId] = refused ? nack : ack;
    const frame = Buffer.alloc(21);
    frame.writeUInt8(1, 0);
    frame.writeUInt16BE(channel, 1);
    frame.writeUInt32BE(13, 3);
    frame.writeUInt16BE(classId, 7);
    frame.writeUInt16BE(methodId, 9);
    frame.writeBigUInt64BE(BigInt(tag), 11);
    frame.writeUInt8(multiple ? 1 : 0, 19);
    frame.writeUInt8(0xce, 20);
    this.link.say(frame);
  }
}
