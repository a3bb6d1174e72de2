import { TestLink } from './test-link.js';

/** basic.ack and basic.nack, by class and method. */
const ack = [60, 80] as const;
const nack = [60, 120] as const;

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

function framesOf(bytes: Buffer): { whole: Buffer[]; rest: Buffer } {
  const whole: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 8 + bytes.readUInt32BE(at + 3);
    if (end > bytes.length) break;
    whole.push(bytes.subarray(at, end));
    at = end;
  }
  return { whole, rest: bytes.subarray(at) };
}

function isMethod(frame: Buffer, [classId, methodId]: readonly [number, number]): boolean {
  return frame.readUInt8(0) === 1 && frame.readUInt16BE(7) === classId && frame.readUInt16BE(9) === methodId;
}
