import { describe, expect, it } from '@jest/globals';
import { chooseServers } from './choose-servers.js';
import { ensureRabbitMq } from './install-rabbitmq.js';

describe('ensureRabbitMq', () => {
  it('installs nothing when that is forbidden, and prints the command to run', async () => {
    const said: string[] = [];
    const attempt = ensureRabbitMq((line) => said.push(line), { install: 'never', home: '/nonexistent' });
    await expect(attempt).rejects.toThrow(/PAID_ONCE_INSTALL=never.*(apt-get|brew) install rabbitmq/);
    expect(said).toEqual([]);
  });
});

describe('chooseServers', () => {
  it('takes local servers when told to, and says so in one line', async () => {
    const said: string[] = [];
    expect(await chooseServers('local', (line) => said.push(line))).toMatchObject({ kind: 'local' });
    expect(said).toEqual(['servers: local processes, because PAID_ONCE_SERVERS=local']);
  });
});
