import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BrokerConnection } from './broker-connection.js';
import { ConfirmTimeout, PublishRefused } from './publish-failures.js';
import { Publisher } from './publisher.js';
import { ConfirmingLink } from './testing/confirm-frames.js';
import { eventually, failureOf, messages, TestBroker } from './testing/test-broker.js';

jest.setTimeout(30_000);

describe('confirms', () => {
  let broker: TestBroker;
  let confirms: ConfirmingLink;
  let connection: BrokerConnection;
  let publisher: Publisher;

  beforeAll(async () => (broker = await TestBroker.start()));
  afterAll(() => broker.stop());
  beforeEach(async () => {
    confirms = await ConfirmingLink.to(broker.port);
    connection = await broker.connected('relay', { port: confirms.link.port });
    publisher = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 1_000 });
  });
  afterEach(async () => {
    await connection.close();
    await confirms.link.close();
  });

  // The broker's own confirms come when its disk allows, and are swallowed: nobody waits for them.
  const publishSix = async () => {
    let [hasLeft, isDone] = [false, false];
    const left = () => (hasLeft = true);
    const done = failureOf(publisher.publishAll(0, messages('a', 6), left)).finally(() => (isDone = true));
    await eventually(() => hasLeft);
    return { done, isDone: () => isDone };
  };

  it('D13: that come out of order, one by one and several at once, each count for the messages they name', async () => {
    const { done, isDone } = await publishSix();
    confirms.confirm(6);
    confirms.confirm(2);
    confirms.confirm(4, { multiple: true }); // 1, 3 and 4; 2 was confirmed alone before
    await new Promise((resolve) => setTimeout(resolve, 100)); // time to be misled
    expect(isDone()).toBe(false);
    confirms.confirm(5);
    expect(await done).toBeUndefined();
  });

  it('D13: that leave a hole name exactly the messages in it', async () => {
    const { done } = await publishSix();
    confirms.confirm(6);
    confirms.confirm(3, { multiple: true });
    const failure = await done;
    expect(failure).toBeInstanceOf(ConfirmTimeout);
    expect(failure).toMatchObject({ messageIds: ['a-3', 'a-4'] });
  });

  it('D13: one refusal for several, after later messages were confirmed, refuses exactly those', async () => {
    const { done } = await publishSix();
    confirms.confirm(5);
    confirms.confirm(6);
    confirms.confirm(2, { multiple: true });
    confirms.confirm(4, { multiple: true, refused: true });
    const failure = await done;
    expect(failure).toBeInstanceOf(PublishRefused);
    expect(failure).toMatchObject({ messageIds: ['a-2', 'a-3'] });
  });

  it('D13: that name what was confirmed before change nothing', async () => {
    const { done } = await publishSix();
    confirms.confirm(3, { multiple: true });
    confirms.confirm(3, { multiple: true });
    confirms.confirm(2);
    confirms.confirm(6, { multiple: true });
    expect(await done).toBeUndefined();
  });
});
