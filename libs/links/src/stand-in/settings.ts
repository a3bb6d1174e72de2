/**
 * The one thing the stand-in's program takes from the environment, as every process of the project does:
 * PAID_ONCE_LIFELINE=stdin stops it when its standard input ends, so that it does not outlive its launcher.
 */
export function hangsOnStdin(): boolean {
  return process.env['PAID_ONCE_LIFELINE'] === 'stdin';
}
