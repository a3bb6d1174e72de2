import { ack, framesOf, isMethod, nack, type Method } from '../../libs/broker/src/testing/amqp-frames.js';
import type { Listener } from './counting-link.js';

const publish: Method = [60, 40];
const reject: Method = [60, 90];
const [headerFrame, bodyFrame] = [2, 3];
const protocolHeaderBytes = 8;

/** Counts what clients send the broker for messages: publishing and settling them, not the channels it takes. */
export class AmqpTraffic {
  frames = 0;

  readonly listen = (): Listener => {
    let unread: Buffer = Buffer.alloc(0);
    let toSkip = protocolHeaderBytes;
    return {
      sent: (chunk) => {
        unread = Buffer.concat([unread, chunk.subarray(toSkip)]);
        toSkip = Math.max(0, toSkip - chunk.length);
        const { whole, rest } = framesOf(unread);
        unread = rest;
        this.frames += whole.filter(isOfMessage).length;
      },
      answered: () => {},
    };
  };
}

function isOfMessage(frame: Buffer): boolean {
  return (
    frame[0] === headerFrame ||
    frame[0] === bodyFrame ||
    [publish, ack, reject, nack].some((method) => isMethod(frame, method))
  );
}
