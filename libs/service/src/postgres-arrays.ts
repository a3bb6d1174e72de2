/**
 * Arrays as parameters, in Postgres's binary format. `pg` passes a Buffer on as it is; given an array it quotes and escapes
 * each element, and Postgres undoes that: of a ledger's CPU that took a twentieth.
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES, and array_recv() in its source
 */
const elementTypes = { bytea: 17, bigint: 20, smallint: 21, text: 25, uuid: 2950 }; // as pg_type has them
const headerBytes = 20;
const lengthBytes = 4;

/** @param texts null and undefined become NULL. Half a surrogate pair becomes U+FFFD; NUL is for Postgres to refuse */
export function textArray(texts: readonly (string | null | undefined)[]): Buffer {
  const maxBytes = texts.reduce((sum, text) => sum + 3 * (text?.length ?? 0), 0);
  return array('text', texts, maxBytes, (buffer, text, at) => {
    if (text === null || text === undefined) return null;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return buffer.write(text, at); // not ASCII; three times as slow for a short text
      buffer[at + i] = code;
    }
    return text.length;
  });
}

/** @param uuids with their hyphens, and checked to be UUIDs: what is none would be sent as another one */
export function uuidArray(uuids: readonly string[]): Buffer {
  return array('uuid', uuids, 16 * uuids.length, writeHex);
}

/** @param values in hex, not from outside: nothing is checked */
export function byteaArray(values: readonly string[]): Buffer {
  const maxBytes = values.reduce((sum, hex) => sum + hex.length / 2, 0);
  return array('bytea', values, maxBytes, writeHex);
}

/** @param integers or their decimal digits */
export function bigintArray(integers: readonly (string | bigint)[]): Buffer {
  return array('bigint', integers, 8 * integers.length, (buffer, integer, at) => {
    return buffer.writeBigInt64BE(BigInt(integer), at) - at;
  });
}

export function smallintArray(integers: readonly number[]): Buffer {
  return array('smallint', integers, 2 * integers.length, (buffer, integer, at) => {
    return buffer.writeInt16BE(integer, at) - at;
  });
}

function array<Element>(
  type: keyof typeof elementTypes,
  elements: readonly Element[],
  maxBytes: number,
  write: (buffer: Buffer, element: Element, at: number) => number | null,
): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + lengthBytes * elements.length + maxBytes);
  const dimensions = 1;
  const mayHoldNulls = 1;
  const firstIndex = 1;
  const header = [dimensions, mayHoldNulls, elementTypes[type], elements.length, firstIndex];
  let end = header.reduce((at, number) => buffer.writeInt32BE(number, at), 0);
  for (const element of elements) {
    const written = write(buffer, element, end + lengthBytes);
    buffer.writeInt32BE(written ?? -1, end);
    end += lengthBytes + (written ?? 0);
  }
  return buffer.subarray(0, end);
}

// `buffer.write(…, 'hex')` knows no hyphens, and calling it takes three times as long for a UUID.
function writeHex(buffer: Buffer, text: string, at: number): number {
  let end = at;
  for (let i = 0; i < text.length; i += 2) {
    if (text[i] === '-') i++;
    buffer[end++] = (hexDigit(text.charCodeAt(i)) << 4) | hexDigit(text.charCodeAt(i + 1));
  }
  return end - at;
}

/** Of a character code: digits are 0x30 to 0x39, letters 0x41 to 0x46 and 0x61 to 0x66. */
const hexDigit = (code: number): number => (code & 0xf) + (code >> 6) * 9;
