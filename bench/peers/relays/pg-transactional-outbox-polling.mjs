import { runRelay, versionOf } from '../protocol.mjs';
import { fillOutbox, listen, messageOf, setUpBox } from '../pg-transactional-outbox.mjs';

await runRelay({
  name: 'pg-transactional-outbox (polling)',
  version: versionOf('pg-transactional-outbox'),
  async prepare(databaseUrl) {
    await setUpBox('outbox', databaseUrl, 'polling');
    return {
      fill: await fillOutbox(databaseUrl),
      drain: (publisher) =>
        listen('outbox', databaseUrl, 'polling', (row) => publisher.publish(messageOf(row))),
    };
  },
});
