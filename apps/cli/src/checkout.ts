import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServiceName } from './services.js';

/** The folder that holds package.json and dist, from sources and from dist alike. */
export const checkout = findCheckout(import.meta.dirname);

/** A program of an app, built: `builtProgram('ledger', 'setup')`. */
export function builtProgram(
  app: ServiceName | 'console',
  file: 'main' | 'setup' | 'rebase' | 'keys',
): string {
  return join(checkout, 'dist/apps', app, 'src', `${file}.js`);
}

function findCheckout(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error(`Bug: no package.json above ${import.meta.dirname}`);
  return findCheckout(above);
}
