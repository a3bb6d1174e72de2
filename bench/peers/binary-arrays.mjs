// Arrays as Postgres reads them in binary: `pg` passes a Buffer on as it is, where it would quote and escape each element.
const headerBytes = 20;

export const textArray = (values) => array(25, values, (text) => Buffer.byteLength(text), writeText);
export const byteaArray = (values) => array(17, values, (bytes) => bytes.length, writeBytes);
export const uuidArray = (values) => array(2950, values, () => 16, writeUuid);
export const bigintArray = (values) => array(20, values, () => 8, writeBigint);
export const smallintArray = (values) => array(21, values, () => 2, writeSmallint);

function array(elementType, values, bytesOf, write) {
  let size = headerBytes;
  for (const value of values) size += 4 + bytesOf(value);
  const buffer = Buffer.allocUnsafe(size);
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(0, 4); // no nulls
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16); // the first index
  let offset = headerBytes;
  for (const value of values) {
    const written = write(buffer, value, offset + 4);
    buffer.writeInt32BE(written, offset);
    offset += 4 + written;
  }
  return buffer;
}

function writeText(buffer, text, offset) {
  return buffer.write(text, offset);
}

function writeBytes(buffer, bytes, offset) {
  return bytes.copy(buffer, offset);
}

function writeUuid(buffer, uuid, offset) {
  return buffer.write(uuid.replaceAll('-', ''), offset, 'hex');
}

function writeBigint(buffer, safeInteger, offset) {
  return buffer.writeBigInt64BE(BigInt(safeInteger), offset) - offset;
}

function writeSmallint(buffer, value, offset) {
  return buffer.writeInt16BE(value, offset) - offset;
}
