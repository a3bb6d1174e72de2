// The last line of `docker compose up`: waits until every process is ready, says where to go on, and stays, so that
// `docker compose up --wait` has something to be healthy.
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const processes = {
  payments: 'http://payments:8080',
  ledger: 'http://ledger:8081',
  relay: 'http://relay:8082',
  console: 'http://console:3000',
};
const consolePort = process.env.PAID_ONCE_CONSOLE_PORT || '3000';

async function missing() {
  const answers = await Promise.all(
    Object.entries(processes).map(async ([name, url]) => {
      const ready = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
        (response) => response.ok,
        () => false,
      );
      return ready ? [] : [name];
    }),
  );
  return answers.flat();
}

let told = '';
for (let waitingFor = await missing(); waitingFor.length > 0; waitingFor = await missing()) {
  const line = `waiting for ${waitingFor.join(', ')}`;
  if (line !== told) console.log((told = line));
  await setTimeout(500);
}
writeFileSync('/tmp/ready', '');
console.log('Lab mode: everything here can be broken and reset by anybody on this machine.');
console.log('Next: docker compose run --rm paid-once pay payments.csv');
console.log('      docker compose run --rm paid-once break relay-rabbitmq   (later: heal --all)');
console.log('      docker compose run --rm paid-once compare --wait');
console.log(`Ready → http://localhost:${consolePort}`);

process.on('SIGTERM', () => process.exit(0));
setInterval(() => {}, 2 ** 30);
