import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  park,
  unknownMessages,
  type Message,
  type ParkedFilter,
  type ParkReason,
  type Tally,
} from '@paid-once/inbox';
import { inTransaction } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { postTransfers } from '../post-transfers.js';
import { drop, redrive } from '../redrive.js';
import { stationsSql } from '../sql/export.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

const who = { by: 'ann', why: 'paid by cheque' };

describe('dropping parked messages', () => {
  let rig: LedgerRig;
  let database: DataSource;
  beforeAll(async () => {
    rig = await LedgerRig.create();
    database = await rig.open();
  });
  afterAll(() => rig.drop());
  beforeEach(() => rig.empty());

  const message = (data = payment(), type: 'payment.accepted' | 'payment.reversed' = 'payment.accepted') =>
    messageOf(rig.setup.runId, data, type);
  const post = (...messages: Message[]): Promise<Tally> =>
    inTransaction(database, (tx) => postTransfers(tx, messages));
  const setAside = (reason: ParkReason, ...messages: Message[]) =>
    inTransaction(database, (tx) =>
      park(
        tx,
        messages.map((one) => ({ message: one, reason, detail: 'a test' })),
      ),
    );
  const again = (which: ParkedFilter) => redrive(database, { which, who, limit: 500, users: [] });
  const parked = () =>
    database.query<{ id: string }[]>(
      'SELECT id, reason, attempts, dropped_by FROM parked_message ORDER BY id',
    );
  const transfers = async () => (await database.query<unknown[]>('SELECT FROM transfer')).length;

  it('drops as many as were expected, or none, and records who did it and why', async () => {
    await setAside('dead-lettered', message(), message());
    await expect(drop(database, { which: { all: true }, who, expected: 3 })).rejects.toMatchObject({
      type: '/problems/count-differs',
      detail: '3 were expected, there are 2. Nothing was dropped.',
    });
    expect(await parked()).toMatchObject([{ dropped_by: null }, { dropped_by: null }]);
    await drop(database, { which: { reason: 'dead-lettered' }, who, expected: 2 });
    expect(await parked()).toMatchObject([{ dropped_by: 'ann' }, { dropped_by: 'ann' }]);
    expect(
      await rig.admin.query('SELECT kind, requested_by, why, messages FROM parked_intervention'),
    ).toEqual([{ kind: 'drop', requested_by: 'ann', why: who.why, messages: 2 }]);
  });

  it.each(['dead-lettered', 'poison', 'unsupported', 'invalid'] as const)(
    'keeps a message that was dropped as %s from being posted when it comes again: it is counted there',
    async (reason) => {
      const dropped = message();
      await setAside(reason, dropped);
      await drop(database, { which: { all: true }, who, expected: 1 });
      expect(await post(dropped, message(), dropped)).toMatchObject({ done: 1, parked: {} });
      await post(dropped);
      expect(await transfers()).toBe(1);
      expect(await parked()).toMatchObject([{ reason, attempts: 3, dropped_by: 'ann' }]);
    },
  );

  it('counts a message that cannot be posted, dropped and come again, there too', async () => {
    const bad = message(payment({ amountMinor: '0' }));
    await post(bad);
    await drop(database, { which: { all: true }, who, expected: 1 });
    await post(bad);
    expect(await parked()).toMatchObject([{ reason: 'invalid', attempts: 2, dropped_by: 'ann' }]);
  });

  it('keeps a dropped reversal from being posted with its payment', async () => {
    const data = payment();
    const reversal = message(data, 'payment.reversed');
    await post(reversal);
    await drop(database, { which: { keys: [data.paymentId] }, who, expected: 1 });
    await post(message(data), reversal);
    expect(await transfers()).toBe(1);
    expect(await parked()).toMatchObject([{ reason: 'waiting-for', attempts: 2, dropped_by: 'ann' }]);
  });

  it('keeps a message that was dropped under one reason from being posted by a redrive under another', async () => {
    const data = payment();
    const dropped = message(data);
    await setAside('dead-lettered', dropped);
    await setAside('outside-dedup-window', dropped);
    await drop(database, { which: { reason: 'dead-lettered' }, who, expected: 1 });
    const others: ParkedFilter[] = [
      { all: true },
      { reason: 'outside-dedup-window' },
      { keys: [data.paymentId] },
    ];
    for (const which of others)
      expect(await again(which)).toMatchObject({ tally: { done: 0 }, remaining: 0 });
    expect(await transfers()).toBe(0);
    const ids = (await parked()).map(({ id }) => id);
    expect(await again({ ids })).toMatchObject({ tally: { done: 1 } });
  });

  it('keeps a reversal that was dropped under one reason from being posted with its payment', async () => {
    const data = payment();
    const reversal = message(data, 'payment.reversed');
    await post(reversal);
    await setAside('dead-lettered', reversal);
    await drop(database, { which: { reason: 'dead-lettered' }, who, expected: 1 });
    await post(message(data));
    expect(await transfers()).toBe(1);
  });

  it.each(['unreadable', 'no-identity', 'too-big', 'conflict'] as const)(
    'gives up only the copy that was dropped as %s: the message is missing if it never came, and redriven if it did',
    async (reason) => {
      const whole = message();
      const unknown = () => unknownMessages(database.manager, [whole.messageId]);
      await setAside(reason, whole);
      expect(await unknown()).toEqual([]);
      await drop(database, { which: { all: true }, who, expected: 1 });
      expect(await unknown()).toEqual([whole.messageId]);
      await setAside('dead-lettered', whole);
      expect(await unknown()).toEqual([]);
      expect(await again({ all: true })).toMatchObject({ tally: { done: 1 } });
    },
  );

  it.each(['unreadable', 'too-big', 'conflict', 'forged', 'other-run'] as const)(
    'says nothing of where a payment is when only a copy of it was dropped as %s',
    async (reason) => {
      const data = payment();
      const stations = () => database.query<unknown[]>(stationsSql, [[data.paymentId]]);
      await setAside(reason, message(data));
      expect(await stations()).toHaveLength(1);
      await drop(database, { which: { all: true }, who, expected: 1 });
      expect(await stations()).toEqual([]);
    },
  );

  it('takes no forged copy, dropped or not, for the message itself: that is missing, and is redriven if it comes', async () => {
    const whole = message();
    await setAside('forged', whole);
    const unknown = () => unknownMessages(database.manager, [whole.messageId]);
    expect(await unknown()).toEqual([whole.messageId]);
    await drop(database, { which: { all: true }, who, expected: 1 });
    expect(await unknown()).toEqual([whole.messageId]);
    await setAside('dead-lettered', whole);
    expect(await again({ all: true })).toMatchObject({ tally: { done: 1 } });
  });

  it('leaves dropped ones alone when others are redriven, and takes one back that is named by its id', async () => {
    await setAside('dead-lettered', message());
    await drop(database, { which: { all: true }, who, expected: 1 });
    for (const which of [{ all: true }, { reason: 'dead-lettered' }] as const)
      expect(await again(which)).toMatchObject({ tally: { done: 0 }, remaining: 0 });
    const ids = (await parked()).map(({ id }) => id);
    expect(await again({ ids })).toMatchObject({ tally: { done: 1 }, remaining: 0 });
    expect(await parked()).toEqual([]);
  });
});
