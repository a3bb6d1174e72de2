import type { OutgoingMessage } from './message.js';

type Headers = OutgoingMessage['headers'];

/**
 * The headers of one message after another, in one object as long as their names stay the same. amqplib has encoded
 * them when its `publish` returns; before, it makes the object the prototype of another one, and for an object that was
 * none yet that takes longer than all the encoding.
 */
export class HeaderTable {
  private names: string[] = [];
  private table: Headers = {};

  /** @returns these headers, until the next call */
  holding(headers: Headers): Headers {
    const names = Object.keys(headers);
    const isSame =
      names.length === this.names.length && names.every((name, index) => name === this.names[index]);
    this.names = names;
    return isSame ? Object.assign(this.table, headers) : (this.table = { ...headers });
  }
}
