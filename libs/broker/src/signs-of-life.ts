/** How many times longer a lane waits for its own confirms while the broker confirms those of other lanes. */
const patience = 6;

/**
 * When the broker last confirmed anything, on any lane of a connection. Lanes share its wire: on a slow link the messages
 * of one are queued behind those of the others, and a lane that hears nothing for a while is not forgotten but later.
 * Not for ever: a queue that has lost its leader may never confirm while all the others do.
 */
export class SignsOfLife {
  private lastAt = -Infinity;

  constructor(private readonly confirmTimeoutMs: number) {}

  seen(): void {
    this.lastAt = performance.now();
  }

  /** @returns how many milliseconds a lane that has heard nothing since `silentSince` may still wait; 0 or less: none */
  leftMs(silentSince: number): number {
    const silentForMs = performance.now() - silentSince;
    const othersSilentForMs = performance.now() - this.lastAt;
    return Math.max(
      this.confirmTimeoutMs - silentForMs,
      Math.min(this.confirmTimeoutMs - othersSilentForMs, patience * this.confirmTimeoutMs - silentForMs),
    );
  }
}
