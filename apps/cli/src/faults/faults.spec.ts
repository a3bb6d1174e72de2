import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectLinks,
  faultKinds,
  linkNames,
  linkProxies,
  startStandIn,
  type LinkControl,
  type StandIn,
} from '@paid-once/links';
import { run } from '../test/run.js';
import { meaningsOf } from './meanings.js';
import { conditionOf, faultText } from './words.js';

let standIn: StandIn;
let links: LinkControl;

beforeAll(async () => {
  standIn = await startStandIn({ port: 0 });
  links = connectLinks(standIn.url);
  const ends = { listen: '127.0.0.1:0', upstream: '127.0.0.1:9' };
  await links.populate(linkProxies(Object.fromEntries(linkNames.map((name) => [name, ends]))));
});
beforeEach(() => links.healAll());
afterAll(() => standIn.stop());

const paidOnce = (args: string) => run(args, { PAID_ONCE_TOXIPROXY_URL: standIn.url });
const toxicsOf = async (link: string) =>
  (await links.list())
    .find(({ name }) => name === link)
    ?.toxics.map(({ type, stream }) => `${type} ${stream}`);
const isWhole = async () =>
  (await links.list()).every(({ enabled, toxics }) => enabled && toxics.length === 0);

describe('break', () => {
  it('cuts, if it is not told how, and says what that means for the money', async () => {
    const { exitCode, stdout } = await paidOnce('break relay-rabbitmq');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^╳ relay-rabbitmq {2}cut, since \d s/);
    expect(stdout).toContain('Payments are still accepted; they wait safely in the outbox.');
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('npx paid-once heal relay-rabbitmq');
    expect((await links.list()).find(({ name }) => name === 'relay-rabbitmq')?.enabled).toBe(false);
  });

  it.each([
    ['--slow 800ms', '800 ms late', ['latency downstream']],
    ['--reset 30%', 'reset 30 % of requests', ['reset_peer upstream']],
    ['--lose-answers', 'loses answers', ['timeout downstream']],
    ['--lose-requests', 'loses requests', ['timeout upstream']],
    ['--drip', 'drips', ['slicer upstream', 'slicer downstream']],
    ['--half-open', 'half-open', ['timeout upstream', 'timeout downstream']],
    [
      '--slow 2s --lose-answers',
      '2 s late, since 0 s; loses answers',
      ['latency downstream', 'timeout downstream'],
    ],
  ])('with %s a link %s', async (options, words, toxics) => {
    const { exitCode, stdout } = await paidOnce(`break payment ${options}`);
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(/since \d s/g, 'since 0 s')).toContain(`◐ payment  ${words}`);
    expect(await toxicsOf('payment')).toEqual(toxics);
  });

  it.each([
    ['confirm-lost', 'relay-rabbitmq', 'loses answers', 'the inbox absorbs'],
    ['ack-lost', 'ledger-rabbitmq', 'loses requests', 'the inbox absorbs'],
    ['commit-answer-lost', 'payments-postgres', 'loses answers', 'outcome-unknown'],
    ['both-ways-30%', 'payment', 'reset 30 % of requests and of answers', 'pays once'],
  ])('knows the preset %s', async (preset, link, words, money) => {
    const { exitCode, stdout } = await paidOnce(`break ${preset}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${link}  ${words}`);
    expect(stdout).toContain(money);
  });

  it('breaks the links of a group', async () => {
    await paidOnce('break rabbitmq --drip');
    for (const link of ['payments-rabbitmq', 'relay-rabbitmq', 'ledger-rabbitmq'])
      expect(await toxicsOf(link)).toHaveLength(2);
  });

  it.each([
    ['payment --slow 800', '800ms, 2s, 1m or 2h'],
    ['payment --slow 0ms', 'from 1 ms to 10 min'],
    ['payment --reset 130%', 'at most 100 percent, such as 30% or 30'],
    ['payment --reset', 'argument missing'],
    ['payment --for ever', '800ms, 2s, 1m or 2h'],
    ['payment --for 2h', 'to 60 min'],
    ['payment --cut --drip', 'give --cut alone'],
    ['payment --half-open --slow 1s', 'give --half-open alone'],
    ['payment --lose-answers --lose-requests', 'give --half-open'],
    ['confirm-lost --drip', 'give no fault with it'],
    ['confirm-found', 'Presets: confirm-lost, ack-lost, commit-answer-lost, both-ways-30%'],
  ])('%s is a usage error that says what is right, and changes nothing', async (args, right) => {
    const { exitCode, stdout, stderr } = await paidOnce(`break ${args}`);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(right);
    expect(await isWhole()).toBe(true);
  });

  it('lists the presets in its help', async () =>
    expect((await paidOnce('break --help')).stdout).toContain(
      'confirm-lost        relay-rabbitmq loses answers',
    ));
});

describe('break --for', () => {
  it('counts down on stderr, heals the link, and prints one object with --json', async () => {
    const { exitCode, stdout, stderr } = await paidOnce('break payment --lose-answers --for 300ms --json');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('payment is healed in 1 s');
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const { links: shown, brokenSeconds } = JSON.parse(stdout);
    expect(shown).toMatchObject([{ name: 'payment', enabled: true, toxics: [], faults: [] }]);
    expect(brokenSeconds).toBeGreaterThanOrEqual(0.3);
    expect(await isWhole()).toBe(true);
  });

  it('heals at once on Ctrl-C', async () => {
    const broken = paidOnce('break payment --for 1m');
    while (await isWhole());
    process.emit('SIGINT');
    const { exitCode, stdout } = await broken;
    expect(exitCode).toBe(130);
    expect(stdout).toMatch(/● payment {2}up/);
    expect(await isWhole()).toBe(true);
  });
});

describe('links and heal', () => {
  it('links shows each link, what is broken, by what, since when', async () => {
    await paidOnce('break both-ways-30%');
    await paidOnce('break ledger-postgres');
    await links.addToxic('relay-postgres', { type: 'bandwidth', toxicity: 0.5, attributes: { rate: 1 } });
    const { stdout } = await paidOnce('links');
    expect(stdout).toMatch(/◐ payment +reset 30 % of requests and of answers, since \d s/);
    expect(stdout).toMatch(/╳ ledger-postgres +cut, since \d s/);
    expect(stdout).toMatch(/◐ relay-postgres +bandwidth downstream 50 % \(somebody else’s toxic\)/);
    expect(stdout).toMatch(/● relay-rabbitmq +up/);
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('npx paid-once heal');
  });

  it('links --json tells faults and their times', async () => {
    const from = Math.floor(Date.now() / 1_000) * 1_000;
    await paidOnce('break payment --reset 30');
    const { links: shown } = JSON.parse((await paidOnce('links --json')).stdout);
    const payment = shown.find(({ name }: { name: string }) => name === 'payment');
    expect(payment.faults).toEqual([
      { fault: { kind: 'reset', percent: 30, stream: 'upstream' }, since: expect.any(String) },
    ]);
    expect(Date.parse(payment.faults[0].since)).toBeGreaterThanOrEqual(from);
  });

  it.each(['heal payment', 'heal both-ways-30%', 'heal --all', 'heal'])('%s heals', async (heal) => {
    await paidOnce('break both-ways-30%');
    expect((await paidOnce(heal)).exitCode).toBe(0);
    expect(await isWhole()).toBe(true);
  });
});

describe('words', () => {
  it.each([...linkNames, 'rabbitmq'])('%s: every fault has a meaning for the money', (link) => {
    for (const kind of faultKinds) expect(meaningsOf(link, [kind])[0]).toMatch(/\.$/);
  });
  it('tell how long a link has been broken', () => {
    const since = new Date('2026-11-22T10:00:00Z');
    const name = `cut.0@${since.getTime() / 1_000}`;
    const marker = { name, type: 'noop', stream: 'downstream', toxicity: 1, attributes: {} };
    const link = { name: 'payment', listen: '', upstream: '', enabled: false, toxics: [marker] };
    expect(conditionOf(link, new Date('2026-11-22T10:00:42.900Z'))).toBe('cut, since 42 s');
    expect(conditionOf({ ...link, toxics: [] })).toBe('cut');
  });
  it('tell which answers are reset', () =>
    expect(faultText({ kind: 'reset', percent: 0.5, stream: 'downstream' })).toBe('reset 0.5 % of answers'));
});
