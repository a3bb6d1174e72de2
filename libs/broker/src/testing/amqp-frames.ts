/** A method of AMQP 0-9-1, by class and number. */
export type Method = readonly [classId: number, methodId: number];

export const ack: Method = [60, 80];
export const nack: Method = [60, 120];

/** @returns what is complete, and what has begun */
export function framesOf(bytes: Buffer): { whole: Buffer[]; rest: Buffer } {
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

export function isMethod(frame: Buffer, [classId, methodId]: Method): boolean {
  return frame.readUInt8(0) === 1 && frame.readUInt16BE(7) === classId && frame.readUInt16BE(9) === methodId;
}

/** The last frame of a message, as long as its body fits into one. */
export function isBody(frame: Buffer): boolean {
  return frame.readUInt8(0) === 3;
}
