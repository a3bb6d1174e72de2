import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CliFailure } from '../failure.js';
import { linksFor } from '../set-up/links-for.js';
import { setupSettings } from '../settings.js';
import { checkPorts } from './check-ports.js';
import { Cleanup } from './cleanup.js';
import { givenServers } from './given-servers.js';
import { randomPasswords } from './passwords.js';
import { readEvent } from './service-log.js';
import { stackEnvironment } from './stack-environment.js';

const ports = { payments: 1, ledger: 2, relay: 3, link: 8888, toxiproxy: 8474 };
const servers = {
  paymentsAdminDb: 'postgres://postgres:secret@127.0.0.1:5501/payments',
  ledgerAdminDb: 'postgres://postgres:secret@127.0.0.1:5502/ledger',
  brokerAdmin: 'http://admin:secret@127.0.0.1:15673',
  brokerUpstream: '127.0.0.1:5673',
  vhost: 'paid-once',
};
const linkPorts = {
  paymentsPostgres: 11,
  paymentsRabbitmq: 16,
  relayPostgres: 12,
  relayRabbitmq: 13,
  ledgerRabbitmq: 14,
  ledgerPostgres: 15,
};

describe('a system on this machine', () => {
  it('leads every service through its link, and every link to its server', () => {
    const env = stackEnvironment({ servers, passwords: randomPasswords(), ports, linkPorts, lab: true });
    const links = linksFor(setupSettings(env)).map(
      ({ name, listen, upstream }) => `${name} ${listen} ${upstream}`,
    );
    expect(links).toEqual([
      'payment 0.0.0.0:8888 payment:8080',
      'payments-postgres 127.0.0.1:11 127.0.0.1:5501',
      'payments-rabbitmq 127.0.0.1:16 127.0.0.1:5673',
      'relay-postgres 127.0.0.1:12 127.0.0.1:5501',
      'relay-rabbitmq 127.0.0.1:13 127.0.0.1:5673',
      'ledger-rabbitmq 127.0.0.1:14 127.0.0.1:5673',
      'ledger-postgres 127.0.0.1:15 127.0.0.1:5502',
    ]);
    for (const service of ['PAYMENTS', 'RELAY', 'LEDGER'])
      expect(new URL(env[`PAID_ONCE_${service}_AMQP_URL`] ?? '').pathname).toBe('/paid-once');
  });

  it('makes the links of containers listen for other machines, under the ports of the services’ URLs', () => {
    const env = stackEnvironment({ servers, passwords: randomPasswords(), ports, linkPorts, lab: true });
    const inContainers = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value.replace('@127.0.0.1:1', '@toxiproxy:1')]),
    );
    const { PAID_ONCE_BROKER_UPSTREAM: _upstream, ...rest } = inContainers;
    const links = linksFor(
      setupSettings({ ...rest, PAID_ONCE_BROKER_ADMIN_URL: 'http://admin:secret@rabbitmq:15672' }),
    );
    expect(links.find(({ name }) => name === 'relay-rabbitmq')).toMatchObject({
      listen: '0.0.0.0:13',
      upstream: 'rabbitmq:5672',
    });
  });

  it('names every taken port, who holds it and the variable that moves it, before anything is started', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const taken = (server.address() as AddressInfo).port;
    const failure = await checkPorts({
      payments: taken,
      ledger: taken,
      relay: taken,
      link: taken,
      toxiproxy: taken,
      console: taken,
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    server.close();
    expect(failure).toBeInstanceOf(CliFailure);
    expect(failure).toMatchObject({
      exitCode: 3,
      happened: expect.stringContaining(`process ${process.pid}`),
    });
    expect(failure).toMatchObject({ happened: expect.stringContaining('PAID_ONCE_TOXIPROXY_PORT') });
    expect(failure).toMatchObject({ happened: expect.stringContaining('PAID_ONCE_CONSOLE_PORT') });
  });

  it('undoes everything in reverse, also after a step that failed', async () => {
    const done: string[] = [];
    const cleanup = new Cleanup();
    cleanup.add(async () => done.push('servers'));
    cleanup.add(() => Promise.reject(new Error('stuck')));
    cleanup.add(async () => done.push('services'));
    await expect(cleanup.run()).rejects.toThrow('not everything');
    expect(done).toEqual(['services', 'servers']);
  });
});

describe('servers that run already', () => {
  const given = {
    paymentsDb: 'postgres://me:pw@db.example:5433/pay',
    ledgerDb: 'postgres://me:pw@db.example:5433/book',
    amqp: 'amqp://admin:pw@mq.example',
  };

  it('are taken from three URLs; the management API is where it usually is', () => {
    expect(givenServers(given)).toEqual({
      paymentsAdminDb: given.paymentsDb,
      ledgerAdminDb: given.ledgerDb,
      brokerAdmin: 'http://admin:pw@mq.example:15672',
      brokerUpstream: 'mq.example:5672',
      vhost: 'paid-once',
    });
    expect(givenServers({})).toBeUndefined();
  });

  it.each([
    [{ paymentsDb: given.paymentsDb }, 'go together'],
    [{ ...given, ledgerDb: given.paymentsDb }, 'the same database'],
    [{ ...given, amqp: 'http://mq.example' }, '--amqp is no URL'],
    [{ ...given, ledgerDb: 'postgres://db.example' }, 'names no database'],
  ])('are refused when %j', (urls, why) => expect(() => givenServers(urls)).toThrow(why));
});

describe('a service’s log line', () => {
  it.each([
    [
      '{"level":"warn","message":"waiting","context":"postgres"}',
      { level: 'warn', text: 'postgres: waiting' },
    ],
    [
      '{"level":"error","message":"x","stack":"Error: x\\n  at y"}',
      { level: 'error', text: 'x Error: x at y' },
    ],
    [
      'settings: PAID_ONCE_LAB: is neither true nor false',
      { level: 'log', text: 'settings: PAID_ONCE_LAB: is neither true nor false' },
    ],
    ['{"no":"message"}', { level: 'log', text: '{"no":"message"}' }],
    ['42', { level: 'log', text: '42' }],
  ])('%s is shown on one line', (line, event) => expect(readEvent(line)).toMatchObject(event));
});
