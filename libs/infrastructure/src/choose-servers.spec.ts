import { describe, expect, it } from '@jest/globals';
import { chooseServers } from './choose-servers.js';

describe('chooseServers', () => {
  it('takes local servers when told to, and says so in one line', async () => {
    const said: string[] = [];
    expect(await chooseServers('local', (line) => said.push(line))).toMatchObject({ kind: 'local' });
    expect(said).toEqual(['servers: local processes, because PAID_ONCE_SERVERS is local']);
  });
});
