import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BrokerConnection, type BrokerState } from './broker-connection.js';
import { BrokerBlocked, BrokerUnreachable } from './publish-failures.js';
import { Publisher } from './publisher.js';
import { eventually, failureOf, messages, takenIds, TestBroker } from './testing/test-broker.js';
import { TestLink } from './testing/test-link.js';

jest.setTimeout(60_000);

describe('broker connection', () => {
  let broker: TestBroker;
  let link: TestLink | undefined;

  beforeAll(async () => (broker = await TestBroker.start()));
  afterAll(() => broker.stop());
  afterEach(async () => {
    link?.heal();
    await link?.close();
    link = undefined;
  });

  it('D1: comes back by itself, and tells each change once', async () => {
    link = await TestLink.to(broker.port);
    const states: BrokerState[] = [];
    const connection = await broker.connected('relay', {
      port: link.port,
      onState: (state) => states.push(state),
    });
    link.cut();
    await eventually(() => (link?.accepted ?? 0) >= 5);
    link.heal();
    await eventually(() => connection.state.kind === 'up');
    expect(states[0]).toEqual({ kind: 'up' });
    expect(states.at(-1)).toEqual({ kind: 'up' });
    for (const [index, state] of states.entries()) expect(state).not.toEqual(states[index + 1]);
  });

  it('D1: backs off while the link flaps', async () => {
    link = await TestLink.to(broker.port);
    const connection = await broker.connected('relay', { port: link.port });
    const before = performance.now();
    while (performance.now() - before < 3_000) {
      await eventually(() => connection.state.kind === 'up');
      link.dropConnections();
      await eventually(() => connection.state.kind === 'down');
    }
    expect(link.accepted).toBeLessThanOrEqual(8);
  });

  it('D4: survives a link that dies at any byte while it is being set up', async () => {
    const said: number[] = []; // by the broker, until the connection is up
    link = await TestLink.to(broker.port, (chunk, before) => {
      said.push(before + chunk.length);
      return [chunk];
    });
    const whole = await broker.connected('relay', { port: link.port });
    const bytes = said.at(-1) ?? 0;
    await whole.close();
    await link.close();
    expect(bytes).toBeGreaterThan(500);
    let deathAt = 0;
    link = await TestLink.to(broker.port, (chunk, before) =>
      before + chunk.length < deathAt ? [chunk] : [chunk.subarray(0, Math.max(0, deathAt - before)), null],
    );
    for (deathAt = 20; deathAt < bytes; deathAt += deathAt > bytes - 50 ? 1 : 40) {
      const states: BrokerState[] = [];
      const connection = broker.connect('relay', { port: link.port, onState: (state) => states.push(state) });
      await eventually(() => states.some(({ kind }) => kind === 'down'));
      await connection.close();
    }
  });

  it('D11 E1: survives a broker that closes the connection in the same breath as it opens it', async () => {
    let closing = true;
    link = await TestLink.to(broker.port, (chunk) => {
      const openOk = Buffer.from([0, 10, 0, 41]);
      return [closing && chunk.includes(openOk) ? Buffer.concat([chunk, connectionClose]) : chunk];
    });
    const connection = broker.connect('relay', { port: link.port });
    await eventually(() => (link?.accepted ?? 0) >= 3);
    expect(connection.state.kind).toBe('down');
    closing = false;
    await eventually(() => connection.state.kind === 'up');
  });

  it('D6 E3: notices a link on which nothing comes any more', async () => {
    link = await TestLink.to(broker.port);
    const connection = await broker.connected('relay', { port: link.port, heartbeatSeconds: 1 });
    link.hold('down');
    await eventually(() => connection.state.kind === 'down', 6_000);
    expect(connection.state).toMatchObject({ cause: expect.stringMatching(/Heartbeat/) });
    link.heal();
    await eventually(() => connection.state.kind === 'up');
  });

  it('D12: says that the password is wrong, and does not try at full speed', async () => {
    link = await TestLink.to(broker.port);
    const connection = broker.connect('relay', { port: link.port, password: 'wrong' });
    await eventually(() => /login of user "relay-\w+" was refused/.test(causeIn(connection.state)));
    expect(causeIn(connection.state)).not.toMatch(/wrong/);
    const attempts = link.accepted;
    const before = performance.now();
    await eventually(() => (link?.accepted ?? 0) > attempts);
    expect(performance.now() - before).toBeGreaterThan(2_000);
  });

  it('D12: says that the vhost is missing', async () => {
    const url = broker.url('relay').replace(/[^/]*$/, 'nowhere');
    const connection = new BrokerConnection({ url, name: 'test' });
    await eventually(() => /vhost "nowhere"/.test(causeIn(connection.state)));
    await connection.close();
  });

  it('E1: says that nobody listens, and goes on trying', async () => {
    const connection = new BrokerConnection({ url: 'amqp://a:secret@127.0.0.1:1/', name: 'test' });
    await eventually(() => /ECONNREFUSED/.test(causeIn(connection.state)));
    expect(causeIn(connection.state)).not.toMatch(/secret/);
    await connection.close();
  });

  it('D10: pauses while the broker is short of memory, on the same connection, and goes on when it no longer is', async () => {
    link = await TestLink.to(broker.port);
    const states: BrokerState[] = [];
    const connection = await broker.connected('relay', {
      port: link.port,
      onState: (state) => states.push(state),
    });
    const publisher = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 10_000 });
    await publisher.publishAll(0, messages('before', 1));
    link.hold('up'); // a blocked broker reads nothing
    const underWay = failureOf(
      publisher.publishAll(0, messages('during', 3), () => link?.say(connectionBlocked)),
    );
    expect(await underWay).toBeInstanceOf(BrokerBlocked);
    expect(connection.state).toEqual({ kind: 'blocked', reason: 'low on memory' });
    const before = performance.now();
    for (let attempt = 0; attempt < 50; attempt++)
      expect(await failureOf(publisher.publishAll(0, messages('during', 3)))).toBeInstanceOf(BrokerBlocked);
    expect(performance.now() - before).toBeLessThan(200);
    link.release();
    link.say(connectionUnblocked);
    await eventually(() => connection.state.kind === 'up');
    await publisher.publishAll(0, messages('after', 1));
    const arrived = takenIds(await broker.take('ledger.payments.0'));
    expect(arrived).toEqual(['before-0', 'during-0', 'during-1', 'during-2', 'after-0']);
    expect(link.accepted).toBe(1);
    expect(states.map(({ kind }) => kind)).toEqual(['up', 'blocked', 'up']);
  });

  it('D3: gives up a connection on which the broker answers heartbeats and nothing else', async () => {
    let mute = false;
    link = await TestLink.to(broker.port, (chunk) => (mute ? [heartbeat] : [chunk]));
    const connection = await broker.connected('relay', { port: link.port, heartbeatSeconds: 1 });
    const publisher = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 2_000 });
    await eventually(
      async () => (await failureOf(publisher.publishAll(0, messages('warm', 1)))) === undefined,
    );
    const acceptedBefore = link.accepted;
    mute = true;
    const beating = setInterval(() => link?.say(heartbeat), 300);
    expect(await failureOf(publisher.publishAll(0, messages('a', 1)))).toMatchObject({
      name: 'ConfirmTimeout',
    });
    expect(await failureOf(publisher.publishAll(0, messages('a', 1)))).toBeInstanceOf(BrokerUnreachable);
    mute = false;
    clearInterval(beating);
    await eventually(async () => (await failureOf(publisher.publishAll(0, messages('b', 1)))) === undefined);
    expect(link.accepted).toBe(acceptedBefore + 1);
  });
});

const causeIn = (state: BrokerState): string => (state.kind === 'down' ? state.cause : '');

/** A method frame on channel 0. */
function frame(classId: number, methodId: number, fields: Buffer): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 4 + fields.length, 0, classId, 0, methodId]);
  return Buffer.concat([head, fields, Buffer.from([0xce])]);
}

const shortString = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const connectionBlocked = frame(10, 60, shortString('low on memory'));
const connectionUnblocked = frame(10, 61, Buffer.alloc(0));
/** 320: the broker is shutting down, which amqplib does not report as an error. */
const connectionClose = frame(
  10,
  50,
  Buffer.concat([Buffer.from([1, 64]), shortString('shutdown'), Buffer.alloc(4)]),
);
const heartbeat = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);
