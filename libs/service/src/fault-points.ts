/**
 * The places between two steps of a payment where a process can be made to die, numbered as in the README's picture.
 * The list is closed: a point that is not named here cannot be armed.
 */
export const faultPoints = [
  'payments.before-transaction', // 1
  'payments.after-payment', // 2
  'payments.after-outbox', // 3
  'payments.after-commit', // 4
  'relay.after-horizon', // 5
  'relay.after-publish', // 6
  'relay.after-confirm', // 7
  'relay.after-progress', // 8
  'ledger.before-transaction', // 9
  'ledger.after-inbox', // 10
  'ledger.after-transfer', // 11
  'ledger.after-commit', // 12
  'ledger.after-ack', // 13
] as const;
export type FaultPoint = (typeof faultPoints)[number];

let armed: FaultPoint | undefined;

/** Does nothing, unless lab mode has armed this point: then the process dies here, as by `kill -9`. */
export function faultPoint(point: FaultPoint): void {
  if (armed === undefined || armed !== point) return;
  process.kill(process.pid, 'SIGKILL');
  for (;;); // the signal is delivered between two instructions: nothing of ours may run in that gap
}

/** From now on the process dies when it next reaches this point. Only lab mode's modules import this. */
export function armFaultPoint(point: FaultPoint): void {
  armed = point;
}

export function isFaultPoint(name: string): name is FaultPoint {
  return (faultPoints as readonly string[]).includes(name);
}
