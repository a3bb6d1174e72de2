import { describe, expect, it } from '@jest/globals';
import { ensureRedis } from './install-redis.js';

describe('ensureRedis', () => {
  it('installs nothing when that is forbidden, and prints the command to run', async () => {
    const said: string[] = [];
    const attempt = ensureRedis(
      (line) => said.push(line),
      'never',
      async () => undefined,
    );
    await expect(attempt).rejects.toThrow(/PAID_ONCE_INSTALL=never.*(apt-get|brew) install redis/);
    expect(said).toEqual([]);
  });
});
