import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A link to Postgres that works until it is told to lose one answer: the next COMMIT reaches the server, whose answer
 * never comes back; the connection dies instead.
 */
export async function startCommitEater(upstream: { host: string; port: number }) {
  let armed = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const postgres = connect(upstream.port, upstream.host);
    let eaten = false;
    for (const socket of [client, postgres]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (armed && bytes.includes('COMMIT')) [armed, eaten] = [false, true];
      postgres.write(bytes);
    });
    postgres.on('data', (bytes) => (eaten ? client.destroy() : client.write(bytes)));
    client.on('close', () => postgres.end());
    postgres.on('close', () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    eatNextCommitAnswer: () => (armed = true),
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
