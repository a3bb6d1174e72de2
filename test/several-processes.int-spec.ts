import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start({ instances: { payments: 2, relay: 2, ledger: 2 } });
});
afterAll(() => system.stop());

describe('two of each process', () => {
  it('C4: pay every payment once when both payments services get the same 400 keys, and one of each is killed meanwhile', async () => {
    const { payments, relay, ledger } = system.stack.instances;
    const victims = [relay[0], ledger[0], payments[1], relay[1], ledger[1]];
    let progress = 0;
    const onProgress = ({ done }: { done: number }) => {
      progress = Math.max(progress, done);
    };
    const paying = Promise.all(
      payments.map(({ url }) => system.pay(400, { url, run: 'shared', concurrency: 4, onProgress })),
    );
    for (const [index, victim] of victims.entries()) {
      await eventually(() => progress > (index + 1) * 60, 'payments go on');
      await victim?.kill('SIGKILL');
    }
    const results = (await paying).map(({ summary }) => summary);
    expect(results.every(({ refused, failed }) => refused === 0 && failed === 0)).toBe(true);
    expect(results.reduce((sum, { accepted, replayed }) => sum + accepted + replayed, 0)).toBe(800);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(400));
  });

  it('C6: share the shards, and a relay killed with -9 hands its own over before any time-out could tell', async () => {
    const [first, second] = system.stack.instances.relay;
    await eventually(
      async () => (await shardsOf(first!.url)).length === 2,
      'both relays own two shards each',
    );
    const theirs = await shardsOf(first!.url);
    const killedAt = performance.now();
    await first!.kill('SIGKILL');
    await eventually(async () => {
      const owned = await shardsOf(second!.url);
      return theirs.every((shard) => owned.includes(shard));
    }, 'the other relay owns them');
    expect(performance.now() - killedAt).toBeLessThan(4_500); // the session’s is 5 s
  });
});

async function shardsOf(url: string): Promise<number[]> {
  const response = await fetch(`${url}/status`).catch(() => undefined);
  return response?.ok ? ((await response.json()) as { ownedShards: number[] }).ownedShards : [];
}
