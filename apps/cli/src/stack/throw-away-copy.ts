import type { Context } from '../verb.js';
import type { Stack, StackOptions } from './start-stack.js';

/**
 * Starts a system of its own on free ports, in lab mode, and leaves nothing of it behind, however the work ends. What the
 * processes wrote is shown only when something failed.
 * @throws what starting or the work threw
 */
export async function inThrowAwayCopy<Result>(
  { out, settings, signal }: Context,
  options: Pick<StackOptions, 'env' | 'postgresSettings'>,
  work: (stack: Stack) => Promise<Result>,
): Promise<Result> {
  // The heavy parts are loaded by the verbs that need them: the others stay quick.
  const [{ startStack }, { serviceLog }, { chooseServers }] = await Promise.all([
    import('./start-stack.js'),
    import('./service-log.js'),
    import('@paid-once/infrastructure'),
  ]);
  const log = serviceLog(out, 'nothing');
  const say = (line: string) => out.tell(out.colours.dim(`  ${line}`));
  const { servers, install } = settings();
  const { kind } = await chooseServers(servers, say);
  let stack: Stack | undefined;
  try {
    stack = await startStack({ kind, install, restart: true, ...options, say, signal, onLine: log.line });
    return await work(stack);
  } catch (error) {
    if (!signal.aborted) log.showKept();
    throw error;
  } finally {
    if (stack) {
      out.tell(out.colours.dim('Cleaning up …'));
      await stack.stop();
    }
  }
}
