import { Dice } from './dice.js';
import type { OperationKind } from './history.js';

/** What is asked of the system, and when. Which payment it is about is chosen when it comes: by `choice`, among those there are. */
export interface Operation {
  op: number;
  kind: OperationKind;
  atMs: number;
  /** Directly at one of the instances, or through the link that can be broken. */
  to: 'link' | 'payments' | 'payments-2';
  /** From 0 up to, but without, 1. */
  choice: number;
  body: string;
}

/** On two processors no more than that: a time-out must mean a fault, not a queue for the processor. */
const perSecond = 40;

const weights: Record<OperationKind, number> = {
  pay: 64,
  retry: 15,
  twice: 5,
  reverse: 6,
  'other body': 3,
  illegal: 2,
  read: 5,
};

const accounts = 40;

/** All operations of a run. Each amount is another one: a sum that is wrong names the operation. */
export function planOperations(seed: number, seconds: number): Operation[] {
  const dice = new Dice(seed, 'operations');
  return Array.from({ length: seconds * perSecond }, (_, op) => {
    const kind = dice.weighted(weights);
    return {
      op,
      kind,
      atMs: Math.round(((op + dice.share()) * 1_000) / perSecond),
      to: dice.weighted({ link: 4, payments: 1, 'payments-2': 5 }),
      choice: dice.share(),
      body: kind === 'illegal' ? illegalBody(dice) : legalBody(op, dice),
    };
  });
}

function legalBody(op: number, dice: Dice): string {
  const src = dice.integer(1, accounts);
  const dest = 1 + ((src - 1 + dice.integer(1, accounts - 1)) % accounts);
  const currency = dice.weighted({ EUR: 8, JPY: 1, BHD: 1 });
  const minor = String(100_000 + op);
  const decimals = { EUR: 2, JPY: 0, BHD: 3 }[currency];
  const amount = decimals === 0 ? minor : `${minor.slice(0, -decimals)}.${minor.slice(-decimals)}`;
  return JSON.stringify({ src: `a-${src}`, dest: `a-${dest}`, amount, currency, reference: `op ${op}` });
}

function illegalBody(dice: Dice): string {
  return dice.pick([
    '',
    '{"src":"a-1"',
    '[]',
    '{"src":"a-1","dest":"a-1","amount":"1.00"}',
    '{"src":"a-1","dest":"a-2","amount":"0"}',
    '{"src":"a-1","dest":"a-2","amount":-1}',
    '{"src":"a-1","dest":"a-2","amount":"1.001"}',
    '{"src":"a-1","dest":"a-2","amount":"1e3"}',
    '{"src":"a-1","dest":"a-2","amount":9007199254740993}',
    '{"src":"a-1","dest":"a-2","amount":"1.00","currency":"eur"}',
    '{"src":"a-1","dest":"a-2","amount":"1.00","status":"accepted"}',
    '{"src":"a-1","dest":"a-2","amount":"1.00","amount":"2.00"}',
    '{"src":"a 1","dest":"a-2","amount":"1.00"}',
    JSON.stringify({ src: 'a-1', dest: 'a-2', amount: '1.00', reference: '\u0000' }),
  ]);
}
