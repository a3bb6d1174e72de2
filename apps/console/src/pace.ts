/** Points of a sparkline. */
const most = 60;

/** How much was done in each second; of what takes longer than a minute each point stands for more. */
export class Pace {
  private eachMs = 1_000;
  private readonly totals: number[] = [];

  /** @param total done so far @returns what was done in each part of the time, in order */
  after(ms: number, total: number): number[] {
    const part = Math.floor(ms / this.eachMs);
    while (this.totals.length <= part) this.totals.push(this.totals.at(-1) ?? 0);
    this.totals[part] = total;
    while (this.totals.length > most) this.halve();
    return this.totals.map((each, index) => each - (this.totals[index - 1] ?? 0));
  }

  private halve(): void {
    const kept = this.totals.filter((_, index) => index % 2 === 1 || index === this.totals.length - 1);
    this.totals.splice(0, this.totals.length, ...kept);
    this.eachMs *= 2;
  }
}
