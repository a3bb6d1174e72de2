import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A link to Postgres that works until it is told to lose one answer: the payment with this key reaches the server and is
 * committed, and the answer never comes back. The connection dies instead, or goes on looking alive.
 */
export async function startCommitEater(upstream: { host: string; port: number }) {
  let armed: { key: string; how: 'cut' | 'silent' } | undefined;
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const postgres = connect(upstream.port, upstream.host);
    let eaten: 'cut' | 'silent' | undefined;
    for (const socket of [client, postgres]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (armed && bytes.includes(armed.key)) [armed, eaten] = [undefined, armed.how];
      postgres.write(bytes);
    });
    postgres.on('data', (bytes) => {
      // It has committed: Postgres sends all its answers to a statement at once, at the very end.
      if (eaten === 'cut') client.destroy();
      else if (eaten === undefined) client.write(bytes);
    });
    client.on('close', () => postgres.end());
    postgres.on('close', () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    eatAnswerTo: (key: string, how: 'cut' | 'silent' = 'cut') => (armed = { key, how }),
    /** How many there were since the start. */
    connections: () => connections,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
