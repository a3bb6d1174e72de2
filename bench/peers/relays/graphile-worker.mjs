// graphile-worker as its page on performance tunes it: a local queue of 500 jobs, and completions in batches.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { runRelay, versionOf } from '../protocol.mjs';

/** As many as the local queue holds, because jobs do nothing but wait for confirms: with the page's 24 it is half as fast. */
const jobsAtOnce = 500;
const silent = new Logger(() => () => {});

await runRelay({
  name: 'graphile-worker',
  version: versionOf('graphile-worker'),
  async prepare(databaseUrl) {
    const utils = await makeWorkerUtils({ connectionString: databaseUrl, logger: silent });
    await utils.migrate();
    return {
      fill: (messages) => utils.addJobs(messages.map((payload) => ({ identifier: 'publish', payload }))),
      async drain(publisher) {
        const runner = await run({
          preset: {
            worker: {
              connectionString: databaseUrl,
              concurrentJobs: jobsAtOnce,
              maxPoolSize: 25,
              localQueue: { size: jobsAtOnce },
              completeJobBatchDelay: 0,
              failJobBatchDelay: 0,
              logger: silent,
            },
          },
          taskList: { publish: (message) => publisher.publish(message) },
          noHandleSignals: true,
        });
        return async () => {
          await runner.stop();
          await utils.release();
        };
      },
    };
  },
});
