import type { Listener } from './counting-link.js';

const [commandComplete, readyForQuery, terminate] = ['C', 'Z', 'X'].map((type) => type.charCodeAt(0));

/**
 * Counts what clients have Postgres do. Connecting and ending a connection counts as nothing.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class PostgresTraffic {
  /** Each that was carried out, BEGIN and COMMIT included, however many were sent together. */
  statements = 0;
  /** How often a client spoke to a server that had answered everything; what follows in the same go is the same one. */
  roundTrips = 0;

  readonly listen = (): Listener => {
    let waitsForClient = false;
    let unread = Buffer.alloc(0);
    return {
      sent: (chunk) => {
        if (waitsForClient && chunk[0] !== terminate) this.roundTrips++;
        waitsForClient = false;
      },
      answered: (chunk) => {
        unread = Buffer.concat([unread, chunk]);
        while (unread.length >= 5 && unread.length > unread.readUInt32BE(1)) {
          if (unread[0] === commandComplete) this.statements++;
          if (unread[0] === readyForQuery) waitsForClient = true;
          unread = unread.subarray(1 + unread.readUInt32BE(1));
        }
      },
    };
  };
}
