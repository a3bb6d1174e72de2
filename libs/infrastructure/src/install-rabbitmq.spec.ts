import { describe, expect, it } from '@jest/globals';
import { ensureRabbitMq } from './install-rabbitmq.js';

describe('ensureRabbitMq', () => {
  it('installs nothing when that is forbidden, and prints the command to run', async () => {
    const said: string[] = [];
    const attempt = ensureRabbitMq((line) => said.push(line), { install: 'never', home: '/nonexistent' });
    await expect(attempt).rejects.toThrow(/PAID_ONCE_INSTALL=never.*(apt-get|brew) install rabbitmq/);
    expect(said).toEqual([]);
  });
});
