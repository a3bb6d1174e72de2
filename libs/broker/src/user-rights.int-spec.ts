import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type ConfirmChannel } from 'amqplib';
import { setUpBroker } from './set-up-broker.js';
import { failureOf, TestBroker } from './testing/test-broker.js';

jest.setTimeout(60_000);

const users = ['relay', 'ledger', 'payments'] as const;
type User = (typeof users)[number];
const queue = 'ledger.payments.0';
const [publishers, reader, nobody]: readonly User[][] = [['relay', 'payments'], ['ledger'], []];

const publish = (exchange: string, routingKey: string, userId?: string) => (channel: ConfirmChannel) =>
  new Promise<void>((resolve, reject) =>
    channel.publish(exchange, routingKey, Buffer.from('x'), { userId }, (refusal: unknown) =>
      refusal ? reject(refusal) : resolve(),
    ),
  );

/** What one may do with a broker, and who of ours may. Payments has a user in lab mode only. */
const operations: [what: string, who: User[] | undefined, act: (channel: ConfirmChannel) => unknown][] = [
  ['publish payments', publishers, publish('payments', 'payment.accepted.0')],
  ['publish under the name of another', nobody, publish('payments', 'payment.accepted.0', 'guest')],
  ['publish to a queue past the exchange', nobody, publish('', queue)],
  ['publish dead letters', nobody, publish('payments.dead', 'payment.accepted.0')],
  ['publish to an exchange of the broker', nobody, publish('amq.topic', 'x')],
  ['consume a queue of the ledger', reader, (channel) => channel.consume(queue, () => {})],
  ['consume dead letters', reader, (channel) => channel.consume('ledger.payments.parked', () => {})],
  ['take a single message', nobody, (channel) => channel.get(queue)], // 405 for the ledger: it may consume, one at a time
  ['empty a queue', reader, (channel) => channel.purgeQueue(queue)], // as much as to acknowledge all of it
  ['look whether a queue is there', [...users], (channel) => channel.checkQueue(queue)],
  ['look whether an exchange is there', [...users], (channel) => channel.checkExchange('payments')],
  ['declare a queue', nobody, (channel) => channel.assertQueue('mine')],
  ['declare a queue that the broker names', nobody, (channel) => channel.assertQueue('')],
  ['declare a queue that is there', nobody, (channel) => channel.assertQueue(queue)],
  ['declare an exchange', nobody, (channel) => channel.assertExchange('mine', 'topic')],
  ['declare an exchange that is there', nobody, (channel) => channel.assertExchange('payments', 'topic')],
  ['bind a queue', nobody, (channel) => channel.bindQueue(queue, 'payments', '#')],
  ['unbind a queue', nobody, (channel) => channel.unbindQueue(queue, 'payments', '#.0')],
  ['bind an exchange', nobody, (channel) => channel.bindExchange('payments.dead', 'payments', '#')],
  ['delete a queue', nobody, (channel) => channel.deleteQueue(queue)],
  ['delete an exchange', nobody, (channel) => channel.deleteExchange('payments')],
];

describe('a user of RabbitMQ', () => {
  let broker: TestBroker;
  const labUser = () => ({ user: `${broker.setup.relay.user}-lab`, password: 'naive' });
  const urls: Partial<Record<User, string>> = {};

  beforeAll(async () => {
    broker = await TestBroker.start();
    broker.setup.relay.password = 'relay'; // amqplib itself takes no other letters
    await setUpBroker({ ...broker.setup, payments: labUser() });
    urls.relay = broker.url('relay');
    urls.ledger = broker.url('ledger');
    urls.payments = Object.assign(new URL(urls.ledger), { username: labUser().user, password: 'naive' }).href;
  });
  afterAll(async () => {
    await setUpBroker(broker.setup); // takes the lab's user away
    await broker.stop();
  });

  const as = async (user: User, act: (channel: ConfirmChannel) => unknown): Promise<number | 'done'> => {
    const connection = await connect(urls[user] ?? '');
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    const refused = new Promise<number>((resolve) =>
      channel.on('error', ({ code }: { code: number }) => resolve(code)),
    );
    const done = await Promise.race([
      refused,
      Promise.resolve(act(channel)).then(
        () => 'done' as const,
        () => refused,
      ),
    ]);
    await failureOf(connection.close());
    return done;
  };

  it.each(
    operations.flatMap(([what, who = [], act]) =>
      users.map((user) => ({ user, what, may: who.includes(user) ? 'may' : 'may not', act })),
    ),
  )('S5: $user $may $what', async ({ user, may, act }) => {
    const answer = await as(user, act);
    expect(may === 'may' ? ['done'] : [403, 405, 406]).toContain(answer);
  });

  it.each(users)('S5: %s has no other vhost, no other password, no administration', async (user) => {
    const other = Object.assign(new URL(urls[user] ?? ''), { pathname: '/%2F' });
    expect(String(await failureOf(connect(other.href)))).toMatch(/got <ConnectionClose|NOT_ALLOWED/);
    const wrong = Object.assign(new URL(urls[user] ?? ''), { password: 'wrong' });
    expect(String(await failureOf(connect(wrong.href)))).toMatch(/403|ACCESS_REFUSED/);
    const { username, password } = new URL(urls[user] ?? '');
    const answer = await fetch(`${new URL(broker.setup.adminUrl).origin}/api/overview`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
      },
    });
    expect(answer.status).toBe(401);
  });

  it('S5: takes no more connections and channels than it needs, and keeps another limit that an administrator set', async () => {
    const { user } = broker.setup.relay;
    const limits = async () => {
      const [found] = (await broker.admin.ask('GET', ['user-limits', user])) as { value: object }[];
      return found?.value;
    };
    expect(await limits()).toEqual({ 'max-connections': 64, 'max-channels': 1_024 });
    await broker.admin.ask('PUT', ['user-limits', user, 'max-connections'], { value: 2 });
    await setUpBroker({ ...broker.setup, payments: labUser() });
    expect(await limits()).toEqual({ 'max-connections': 2, 'max-channels': 1_024 });
    const taken = [await connect(broker.url('relay')), await connect(broker.url('relay'))];
    expect(String(await failureOf(connect(broker.url('relay'))))).toMatch(/got <ConnectionClose|NOT_ALLOWED/);
    const ledger = await connect(broker.url('ledger')); // others are served
    await Promise.all([...taken, ledger].map((connection) => connection.close()));
  });
});
