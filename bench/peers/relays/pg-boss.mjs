// pg-boss at its best: four workers that fetch 2,500 jobs at a time and again at once while their batches come back
// full. Each batch is published in one pipeline; when the handler resolves, pg-boss completes its jobs in one statement.
import { PgBoss } from 'pg-boss';
import { runRelay, versionOf } from '../protocol.mjs';

const queue = 'payments';
const work = { localConcurrency: 4, batchSize: 2_500, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };

await runRelay({
  name: 'pg-boss',
  version: versionOf('pg-boss'),
  async prepare(databaseUrl) {
    const boss = new PgBoss({ connectionString: databaseUrl, schedule: false });
    boss.on('error', (error) => console.error(error));
    await boss.start();
    await boss.createQueue(queue);
    return {
      fill: (messages) =>
        boss.insert(
          queue,
          messages.map((data) => ({ data })),
        ),
      async drain(publisher) {
        await boss.work(queue, work, (jobs) => publisher.publishAll(jobs.map(({ data }) => data)));
        return () => boss.stop({ graceful: true, timeout: 4_000 });
      },
    };
  },
});
