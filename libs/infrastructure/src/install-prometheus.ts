import { ensureInstalled, findProgram, installCommand } from './install-package.js';
import { runToEnd } from './run-to-end.js';

export interface PrometheusInstallation {
  program: string;
  /** Tests rules. */
  promtool: string;
  version: string;
}

/**
 * Finds Prometheus and its promtool along the PATH, or installs the system's package.
 * @param say gets each line of progress
 */
export async function ensurePrometheus(
  say: (line: string) => void,
  install: 'auto' | 'never' = 'auto',
): Promise<PrometheusInstallation> {
  return ensureInstalled(
    {
      software: 'Prometheus',
      debianPackage: 'prometheus',
      takes: 'half a minute',
      find: findPrometheus,
      missing: (why) =>
        new Error(
          `Prometheus was not found, ${why}. Install it: ${installCommand('prometheus', 'prometheus')}`,
        ),
    },
    say,
    install,
  );
}

async function findPrometheus(): Promise<PrometheusInstallation | undefined> {
  const [program, promtool] = await Promise.all(['prometheus', 'promtool'].map(findProgram));
  if (!program || !promtool) return undefined;
  const said = await runToEnd([program, '--version']).catch(String);
  return { program, promtool, version: /version (\d[\w.]*)/.exec(said)?.[1] ?? 'unknown' };
}
