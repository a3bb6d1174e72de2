export const exitCodes = {
  /** Done; or both ledgers agree. */
  done: 0,
  /** The ledgers differ, or something was refused. */
  differ: 1,
  /** The command line or the settings are wrong: nothing was tried. */
  usage: 2,
  /** Something that is needed does not answer or cannot be had. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
