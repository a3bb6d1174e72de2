// The passwords of the Compose set-up: those of the environment, else random ones, made at the first start. They stay in two
// volumes: what the services log in with, and what only the servers and setup may see.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const admin = '/run/paid-once-admin';
const services = '/run/paid-once';
const kept = `${admin}/passwords.json`;
const before = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {};

const passwords = Object.fromEntries(
  ['ADMIN', 'PAYMENTS', 'RELAY', 'LEDGER'].map((role) => [
    role,
    process.env[`${role}_PASSWORD`] || before[role] || randomBytes(18).toString('base64url'),
  ]),
);
const { ADMIN, PAYMENTS, RELAY, LEDGER } = Object.fromEntries(
  Object.entries(passwords).map(([role, password]) => [role, encodeURIComponent(password)]),
);

// The services go through the links; setup goes to the servers.
const files = {
  [kept]: JSON.stringify(passwords),
  [`${admin}/password`]: passwords.ADMIN,
  [`${admin}/payments-admin-db`]: `postgres://admin:${ADMIN}@payments-db:5432/payments`,
  [`${admin}/ledger-admin-db`]: `postgres://admin:${ADMIN}@ledger-db:5432/ledger`,
  [`${admin}/broker-admin`]: `http://admin:${ADMIN}@rabbitmq:15672`,
  [`${services}/payments-db`]: `postgres://payments:${PAYMENTS}@toxiproxy:15432/payments`,
  [`${services}/relay-db`]: `postgres://relay:${RELAY}@toxiproxy:15433/payments`,
  [`${services}/ledger-db`]: `postgres://ledger:${LEDGER}@toxiproxy:15434/ledger`,
  [`${services}/payments-retention-db`]: `postgres://payments_retention:${RELAY}@toxiproxy:15433/payments`,
  [`${services}/ledger-retention-db`]: `postgres://ledger_retention:${LEDGER}@toxiproxy:15434/ledger`,
  [`${services}/payments-amqp`]: `amqp://payments:${PAYMENTS}@toxiproxy:25672/paid-once`,
  [`${services}/relay-amqp`]: `amqp://relay:${RELAY}@toxiproxy:25673/paid-once`,
  [`${services}/ledger-amqp`]: `amqp://ledger:${LEDGER}@toxiproxy:25674/paid-once`,
};
// Readable by the users that the images run as: each container sees no more than the volumes it was given. Written anew,
// because even root may not open what is read-only when it has no capabilities.
for (const [file, text] of Object.entries(files)) {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o444 });
}
console.log(
  `passwords: ${Object.keys(before).length > 0 ? 'as they were' : 'made'}, ${Object.keys(files).length} files`,
);
