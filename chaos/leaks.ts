/** Looks for what no answer and no log may hold. */
export class Leaks {
  /** At most twenty, each with where it was. */
  readonly found: string[] = [];

  /** @param secrets every password and key of this run */
  constructor(private readonly secrets: readonly string[]) {}

  /** In an answer: neither secrets nor how the service is built. */
  look(where: string, text: string): void {
    this.lookForSecrets(where, text);
    if (stackOrSql.test(text)) this.tell(`${where}: a stack or a statement: ${text.slice(0, 200)}`);
  }

  lookForSecrets(where: string, text: string): void {
    if (this.secrets.some((secret) => text.includes(secret))) this.tell(`${where}: a secret`);
  }

  private tell(leak: string): void {
    if (this.found.length < 20) this.found.push(leak);
  }
}

const stackOrSql = /\bat \S+ \(?\S+\.[jt]s:\d+|\b(?:SELECT|INSERT INTO|DELETE FROM) /;
