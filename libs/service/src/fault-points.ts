/**
 * The places between two steps of a payment where a process can be made to die, numbered as in the README's picture.
 * The list is closed: a point that is not named here cannot be armed.
 */
export const faultPoints = [
  'payments.before-transaction', // 1
  'payments.after-commit', // 2
  'relay.after-horizon', // 3
  'relay.after-publish', // 4
  'relay.after-confirm', // 5
  'relay.after-progress', // 6
  'ledger.before-transaction', // 7
  'ledger.after-inbox', // 8
  'ledger.after-transfer', // 9
  'ledger.after-commit', // 10
  'ledger.after-ack', // 11
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
