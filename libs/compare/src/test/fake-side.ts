import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compareEvents, type ExportRow } from '../export-row.js';
import type { Station } from '../answers.js';
import type { Bucket } from '../digests.js';
import { effectMinor } from '../tally.js';

/** What a service answers of its ledger, from memory: for tests of the comparison alone. */
export class FakeSide {
  rows: ExportRow[] = [];
  stations: Station[] = [];
  /** How often each path was asked for, without its query. */
  asked = new Map<string, number>();
  /** The query of the newest request to each path. */
  lastQuery = new Map<string, URLSearchParams>();
  /** How many lines its exports had. */
  rowsSent = 0;
  /** Ends the export's connection after that many rows. */
  breakOffAfter: number | undefined;
  /** A path that is answered as another program might. */
  foreign: string | undefined;
  /** Called before an answer is begun. */
  onRequest: (path: string) => void = () => {};
  private server: Server | undefined;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      this.asked.set(url.pathname, (this.asked.get(url.pathname) ?? 0) + 1);
      this.lastQuery.set(url.pathname, url.searchParams);
      this.onRequest(url.pathname);
      const json = (body: unknown) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      const rows = this.rows.toSorted(compareEvents);
      if (url.pathname === this.foreign) return response.end('<html>Welcome</html>');
      switch (url.pathname) {
        case '/export': {
          const wanted = rowsIn(rows, url.searchParams);
          const sent = wanted.slice(0, this.breakOffAfter);
          this.rowsSent += sent.length;
          response.write(`${sent.map((row) => JSON.stringify(row)).join('\n')}\n`, () => {
            if (sent.length < wanted.length) response.destroy();
            else response.end();
          });
          return;
        }
        case '/digests': {
          const digits = Number(url.searchParams.get('digits') ?? 8);
          const buckets = Map.groupBy(rowsIn(rows, url.searchParams), ({ paymentId }) =>
            paymentId.replaceAll('-', '').slice(0, digits),
          );
          const lines = [...buckets].map(([bucket, held]) => `${JSON.stringify(digestOf(bucket, held))}\n`);
          return response.end(lines.join(''));
        }
        case '/stations':
          return json(
            this.stations.filter(({ paymentId }) => url.searchParams.getAll('payment').includes(paymentId)),
          );
        default:
          return response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }
}

function rowsIn(rows: ExportRow[], parameters: URLSearchParams): ExportRow[] {
  const [after, until, olderThan] = ['after', 'until', 'olderThan'].map((name) => parameters.get(name));
  return rows.filter(
    ({ paymentId, messageId }) =>
      (!after || paymentId > after) &&
      (!until || paymentId <= until) &&
      (!olderThan || (messageId ?? '') < olderThan),
  );
}

function digestOf(bucket: string, rows: ExportRow[]): Bucket {
  const net = rows.reduce((sum, row) => sum + effectMinor(row), 0n);
  const payments = rows.filter(({ type }) => type === 'payment.accepted').length;
  return {
    bucket,
    count: rows.length,
    payments,
    reversals: rows.length - payments,
    totals: { EUR: String(net) },
    hash: JSON.stringify(rows.map((row) => ({ ...row, messageId: '' }))),
  };
}
