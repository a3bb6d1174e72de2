/** How fast a counter grows: over the last two seconds, so that a look that came late does not show as a jump. */
export class Rate {
  private readonly seen: { at: number; value: number }[] = [];

  /** @param at milliseconds @returns a second */
  next(value: number | undefined, at: number): number {
    if (value !== undefined) this.seen.push({ at, value });
    const old = this.seen.findIndex((each) => at - each.at <= windowMs);
    this.seen.splice(0, old < 0 ? this.seen.length - 1 : old);
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (!first || !last || last.at === first.at) return 0;
    // A reset empties a ledger: it did not shrink at a rate.
    if (last.value < first.value) this.seen.splice(0, this.seen.length - 1);
    return Math.max(0, Math.round(((last.value - first.value) * 10_000) / (last.at - first.at)) / 10);
  }
}

const windowMs = 2_000;
