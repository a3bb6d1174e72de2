/** A journal is there and nothing was paid: going on and paying everybody again could both be wrong. */
export class JournalRefused extends Error {
  override readonly name = 'JournalRefused';

  private constructor(
    message: string,
    /** The run that the journal is of. */
    readonly run: string,
    /** Whether asking for the run by its name goes on with it. */
    readonly canGoOn: boolean,
  ) {
    super(message);
  }

  static otherFile(run: string, path: string): JournalRefused {
    return new JournalRefused(
      `Run ${run} is of another file: what is in ${path} was begun before this file was changed, and a key names one payment only.`,
      run,
      false,
    );
  }

  static otherHost(run: string, host: string): JournalRefused {
    return new JournalRefused(
      `An unfinished run of this file was found (run ${run}), and its payer was on another host (${host}): whether it still pays cannot be seen from here.`,
      run,
      true,
    );
  }

  static otherUrl(run: string, url: string): JournalRefused {
    return new JournalRefused(
      `An unfinished run of this file was found (run ${run}), and it was paid to another address (${url}).`,
      run,
      true,
    );
  }

  static taken(run: string): JournalRefused {
    return new JournalRefused(
      `Run ${run} of this file was left unfinished, and another payer has gone on with it.`,
      run,
      true,
    );
  }
}
