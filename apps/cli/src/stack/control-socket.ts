import { join } from 'node:path';

/** Where a launcher with this state directory takes orders: a Unix socket for its user alone. */
export function controlSocket(directory: string): string {
  return join(directory, 'control.sock');
}
