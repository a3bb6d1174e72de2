import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compareEvents, type ExportRow } from '../export-row.js';
import type { Station } from '../side.js';

/** What a service answers of its ledger, from memory: for tests of the comparison alone. */
export class FakeSide {
  rows: ExportRow[] = [];
  stations: Station[] = [];
  /** How often each path was asked for, without its query. */
  asked = new Map<string, number>();
  /** Ends the export's connection after that many rows. */
  breakOffAfter: number | undefined;
  /** Called before an answer is begun. */
  onRequest: (path: string) => void = () => {};
  private server: Server | undefined;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      this.asked.set(url.pathname, (this.asked.get(url.pathname) ?? 0) + 1);
      this.onRequest(url.pathname);
      const json = (body: unknown) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      const rows = this.rows.toSorted(compareEvents);
      switch (url.pathname) {
        case '/export': {
          const after = url.searchParams.get('after');
          const wanted = rows.filter(({ paymentId }) => after === null || paymentId > after);
          const sent = wanted.slice(0, this.breakOffAfter);
          response.write(`${sent.map((row) => JSON.stringify(row)).join('\n')}\n`, () => {
            if (sent.length < wanted.length) response.destroy();
            else response.end();
          });
          return;
        }
        case '/digest':
          return json({
            count: rows.length,
            sum: '0',
            hash: JSON.stringify(rows.map((row) => ({ ...row, messageId: '' }))),
          });
        case '/stats':
          return json({ count: rows.length, totals: { EUR: rows.length.toFixed(2) }, reversals: 0 });
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
