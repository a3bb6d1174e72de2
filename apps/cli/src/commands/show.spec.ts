import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeService, run as runCli, type FakeAnswer, type FakeService } from '../test/run.js';

const id = '019a0000-0000-7000-8000-000000000001';
const messageId = '019a0000-0000-7000-8000-00000000000a';
const at = (time: string) => `2026-11-22T${time}Z`;
const accepted = {
  id,
  src: 'bianca',
  dest: 'marc',
  amount: '1250.00',
  currency: 'EUR',
  reference: 'rent',
  status: 'accepted',
  createdAt: at('08:00:00.000'),
};
const sent = {
  type: 'payment.accepted',
  messageId,
  shard: 2,
  createdAt: at('08:00:00.000'),
  station: 'published',
  publishedAt: at('08:00:00.030'),
  deadLetter: null,
  interventions: [] as object[],
};
const met = {
  type: 'payment.accepted',
  messageId,
  receivedAt: at('08:00:00.040'),
  postedAt: at('08:00:01.540') as string | null,
  parked: [] as object[],
};
const parked = {
  id: '1',
  reason: 'poison',
  detail: 'it throws',
  attempts: 3,
  firstSeenAt: at('08:00:00.100'),
  lastSeenAt: at('08:10:00.000'),
  droppedAt: null as string | null,
};

let atPayments: Record<string, FakeAnswer>;
let atLedger: Record<string, FakeAnswer>;
let services: FakeService[];
beforeEach(async () => {
  atPayments = { [`/payments/${id}`]: accepted, '/outbox/messages': [sent] };
  atLedger = { '/inbox/messages': [met] };
  services = [await fakeService(atPayments), await fakeService(atLedger)];
});
afterEach(() => Promise.all(services.map((service) => service.stop())));

const show = (flags = '') =>
  runCli(`show ${id} ${flags}`, {
    PAID_ONCE_PAYMENTS_URL: services[0]?.url,
    PAID_ONCE_LEDGER_URL: services[1]?.url,
  });

describe('show', () => {
  it('tells every station with its time, the time since the one before, and the message id', async () => {
    const { exitCode, stdout } = await show();
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').slice(0, 8)).toEqual([
      `payment ${id}   bianca → marc   EUR 1,250.00   “rent”   accepted`,
      '',
      `payment.accepted   message ${messageId}   shard 2`,
      '  2026-11-22 08:00:00.000          ● accepted   payment and outbox row, in one transaction',
      '             08:00:00.030  +30 ms  ● published  RabbitMQ’s confirm is on record',
      '             08:00:00.040  +10 ms  ● received   its id is in the ledger’s inbox',
      '             08:00:01.540  +1.5 s  ✓ posted     the transfer, in the inbox’s transaction',
      '  now       posted: nothing is left to do',
    ]);
  });
  it('tells replays and redrives with who and why, and dead letters with their reason', async () => {
    const deadLetter = { reason: 'invalid', detail: 'src', diedAt: at('08:00:00.020') };
    const redrive = {
      id: '7',
      kind: 'redrive',
      shard: 2,
      by: 'ann',
      why: 'row corrected',
      messages: 1,
      requestedAt: at('09:00:00.000'),
      failure: 'still invalid: src',
      finishedAt: at('09:00:01.000'),
    };
    atPayments['/outbox/messages'] = [
      { ...sent, station: 'dead-lettered', publishedAt: null, deadLetter, interventions: [redrive] },
    ];
    atLedger['/inbox/messages'] = [];
    const { stdout } = await show();
    expect(stdout).toContain('✗ dead letter  invalid: src');
    expect(stdout).toContain('↻ redrive      asked for by ann: row corrected');
    expect(stdout).toContain('↻ redrive      still invalid: src');
    expect(stdout).toContain('now       a dead letter in the outbox');
    expect(stdout).toContain(`npx paid-once dead redrive ${id} --why TEXT`);
  });
  it('tells what the ledger parked, how often, and what would move it on', async () => {
    atLedger['/inbox/messages'] = [{ ...met, receivedAt: null, postedAt: null, parked: [parked] }];
    const { stdout } = await show();
    expect(stdout).toContain('✗ parked     poison: it throws');
    expect(stdout).toContain('attempts  3 times set aside by the ledger');
    expect(stdout).toContain('parked at the ledger: ledger processes died of it');
    expect(stdout).toContain('moved by  find out why in the ledger’s log');
  });
  it('calls it posted, whatever else came under its name and was parked', async () => {
    atLedger['/inbox/messages'] = [met, { ...met, messageId: 'm', postedAt: null, parked: [parked] }];
    const { stdout } = await show();
    expect(stdout).toContain('✗ parked     poison: it throws');
    expect(stdout).toContain('now       posted: nothing is left to do');
  });
  it('tells who redrove it at the ledger, when, why, and what became of it', async () => {
    const history = [
      { at: at('09:00:00.000'), reason: 'poison', by: 'ann', why: 'is it over?', parkedAgain: 'poison' },
      { at: at('09:30:00.000'), reason: 'poison', by: 'bob', why: 'repaired', parkedAgain: null },
      { at: at('09:45:00.000'), reason: 'unreadable', by: null, why: null, parkedAgain: null },
    ];
    atLedger['/inbox/messages'] = [{ ...met, postedAt: at('09:30:00.000'), history }];
    const { stdout } = await show();
    expect(stdout).toMatch(
      /09:00:00\.000 .* ↻ redrive +at the ledger by ann: is it over\? \(was poison, is parked again as poison\)/,
    );
    expect(stdout).toMatch(
      /09:30:00\.000 .* ↻ redrive +at the ledger by bob: repaired \(was poison, is not parked any more\)/,
    );
    expect(stdout).toMatch(/✓ settled +a copy parked as unreadable: the message itself has come/);
    const { events } = JSON.parse((await show('--json')).stdout) as { events: { steps: object[] }[] };
    expect(events[0]?.steps).toContainEqual({
      at: at('09:30:00.000'),
      afterMs: 1_800_000,
      what: 'redrive',
      detail: expect.any(String),
      messageId,
      by: 'bob',
      why: 'repaired',
    });
  });
  it.each([
    ['poison', 'npx paid-once dead redrive'],
    ['conflict', 'npx paid-once dead drop'],
    ['other-run', 'npx paid-once dead drop'],
  ])('names the command that helps what is parked as %s: %s', async (reason, command) => {
    atLedger['/inbox/messages'] = [
      { ...met, receivedAt: null, postedAt: null, parked: [{ ...parked, reason }] },
    ];
    expect((await show()).stdout).toMatch(new RegExp(`^ +${command} ${id} `, 'm'));
  });
  it('tells who gave it up', async () => {
    const dropped = { droppedAt: at('10:00:00.000'), droppedBy: 'ann', droppedWhy: 'paid by hand' };
    atLedger['/inbox/messages'] = [
      { ...met, receivedAt: null, postedAt: null, parked: [{ ...parked, ...dropped }] },
    ];
    const { stdout } = await show();
    expect(stdout).toContain('given up by ann: paid by hand');
    expect(stdout).toContain('now       given up at the ledger');
  });
  it.each([
    [
      'outbox',
      { station: 'outbox', publishedAt: null },
      'waits in the outbox, safe in the payments database',
    ],
    ['on its way', {}, 'published, and not at the ledger yet'],
  ])('says where it is now: %s', async (where, outbox, says) => {
    atPayments['/outbox/messages'] = [{ ...sent, ...outbox }];
    atLedger['/inbox/messages'] = [];
    expect((await show()).stdout).toContain(`now       ${says}`);
    const { events } = JSON.parse((await show('--json')).stdout) as { events: { now: object }[] };
    expect(events[0]?.now).toMatchObject({ where });
  });
  it('tells a reversal that waits for its payment', async () => {
    atPayments[`/payments/${id}`] = { ...accepted, status: 'reversed' };
    atPayments['/outbox/messages'] = [sent, { ...sent, type: 'payment.reversed', messageId: 'r' }];
    const waits = { ...parked, reason: 'waiting-for', attempts: 1 };
    atLedger['/inbox/messages'] = [
      {
        type: 'payment.reversed',
        messageId: 'r',
        receivedAt: at('08:01:00.000'),
        postedAt: null,
        parked: [waits],
      },
    ];
    const { stdout } = await show();
    expect(stdout).toContain('now       waits at the ledger: a reversal whose payment is not posted yet');
    expect(stdout.indexOf('payment.accepted')).toBeLessThan(stdout.indexOf('payment.reversed'));
  });
  it('knows a payment whose outbox row retention has removed', async () => {
    atPayments['/outbox/messages'] = [];
    expect((await show()).stdout).toContain('its outbox row is history that retention has removed');
  });
  it('says that nobody knows it: exit 1', async () => {
    atPayments[`/payments/${id}`] = 404;
    atPayments['/outbox/messages'] = atLedger['/inbox/messages'] = [];
    const { exitCode, stderr } = await show();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Neither payments nor the ledger knows a payment ${id}.`);
    expect(stderr).toContain('never accepted');
  });
  it('prints one object with --json', async () => {
    const shown = JSON.parse((await show('--json')).stdout) as { events: { steps: object[] }[] };
    expect(shown).toMatchObject({
      payment: { id },
      events: [{ type: 'payment.accepted', messageIds: [messageId] }],
    });
    expect(shown.events[0]?.steps[1]).toEqual({
      at: at('08:00:00.030'),
      afterMs: 30,
      what: 'published',
      detail: expect.any(String),
      messageId,
    });
  });
});
