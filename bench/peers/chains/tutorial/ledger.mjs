// One transaction a message: its inbox row, the transfer, the balances; acknowledged after the commit. In the chain ten at
// a time instead of the tutorials' one, because that is faster.
import { setting } from '../../protocol.mjs';
import { once } from '../../schema.mjs';
import { makeLedgerTables, postTransfer } from '../../ledger-tables.mjs';
import { serveUntilTerm } from '../../service.mjs';
import { connectTypeOrm } from '../../usual-tables.mjs';
import { openChain } from '../../chain-broker.mjs';

const prefetch = Number(process.env.BENCH_PREFETCH ?? 10);

const databaseUrl = setting('BENCH_LEDGER_DB_URL');
await makeLedgerTables(databaseUrl);
await once(databaseUrl, 'inbox', (client) =>
  client.query(
    'CREATE TABLE inbox (message_id uuid PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now())',
  ),
);
const dataSource = await connectTypeOrm(databaseUrl, [], prefetch);
const { channel, queue } = await openChain('tutorial');

await channel.prefetch(prefetch);
await channel.consume(queue, async (message) => {
  try {
    await handle(JSON.parse(message.content.toString()));
    channel.ack(message);
  } catch (error) {
    console.error(error);
    channel.nack(message);
  }
});
serveUntilTerm(() => dataSource.destroy());

async function handle({ id, data }) {
  await dataSource.transaction(async (tx) => {
    const fresh = await tx.query(
      'INSERT INTO inbox (message_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING message_id',
      [id],
    );
    if (fresh.length > 0) await postTransfer((sql, values) => tx.query(sql, values), data);
  });
}
