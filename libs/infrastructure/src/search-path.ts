/**
 * Where the user's shell looks for programs: the one thing that children inherit of this process's environment.
 * The sbin directories come last, because a plain user's PATH lacks them on Debian.
 */
export function searchPath(): string {
  // oxlint-disable-next-line node/no-process-env -- not a setting: without it no program is found
  return [process.env['PATH'] ?? '', '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin']
    .filter(Boolean)
    .join(':');
}
