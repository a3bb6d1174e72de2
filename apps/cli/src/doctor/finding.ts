/** `bad`: it will not work so; `warn`: it may not. */
export type FindingState = 'ok' | 'warn' | 'bad';

export interface Finding {
  /** What was looked at: `node`, `disk`, `port 8080` … */
  what: string;
  state: FindingState;
  says: string;
  /** The command or the change that helps; nothing where all is well. */
  next?: string;
}

export const ok = (what: string, says: string): Finding => ({ what, state: 'ok', says });
export const warn = (what: string, says: string, next: string): Finding => ({
  what,
  state: 'warn',
  says,
  next,
});
export const bad = (what: string, says: string, next: string): Finding => ({
  what,
  state: 'bad',
  says,
  next,
});
