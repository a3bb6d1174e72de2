import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** Answers the relay's questions as the ledger would, about what a test says it has. */
export class FakeLedger {
  /** Each request since the last look: its path, and how many ids it was about. */
  requests: { path: string; ids: number }[] = [];
  /** Holds every answer back. */
  isHanging = false;
  deadLettersInBroker: number | null = 0;
  oldest = '00000000-0000-0000-0000-000000000000';

  private constructor(
    private readonly server: Server,
    readonly url: string,
    private readonly has: (messageId: string) => boolean,
  ) {}

  static async start(has: (messageId: string) => boolean, port = 0): Promise<FakeLedger> {
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://ledger');
      void (async () => {
        const body = (request.method === 'POST' ? await json(request) : {}) as { messageIds?: string[] };
        const answer = ledger.answer(pathname, body.messageIds ?? searchParams.getAll('id'));
        if (!ledger.isHanging)
          response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      })();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ledger: FakeLedger = new FakeLedger(server, url, has);
    return ledger;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(path: string, ids: string[]): object {
    this.requests.push({ path, ids: ids.length });
    if (path === '/inbox/markers')
      return { arrived: ids.filter(this.has), deadLettersInBroker: this.deadLettersInBroker };
    if (path === '/inbox/unknown') return { unknown: ids.filter((id) => !this.has(id)) };
    return { oldest: this.oldest, retentionMinutes: 1 };
  }
}
