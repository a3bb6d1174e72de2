import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { assertFree, claim, claims, freePorts, isFree, listeningSockets, portHolder } from './ports.js';

describe('ports', () => {
  it('gives out each port once, below what outgoing connections use', async () => {
    const ports = (await Promise.all([freePorts(20), freePorts(20)])).flat();
    expect(new Set(ports).size).toBe(40);
    for (const port of ports) expect(port).toBeLessThan(32_768);
  });

  it('gives out none that another process was told of, for as long as that lives', async () => {
    const [port = 0] = await freePorts(1);
    const path = join(claims, String(port));
    expect(await readFile(path, 'utf8')).toBe(String(process.pid));
    await writeFile(path, String(process.ppid));
    expect(await claim(port)).toBe(false);
    const above = 4_194_999; // every Linux pid
    await writeFile(path, String(above));
    expect(await claim(port)).toBe(true);
    expect(await readFile(path, 'utf8')).toBe(String(process.pid));
  });

  it('tells which process holds a port', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    try {
      expect(await isFree(port)).toBe(false);
      expect(await portHolder(port)).toMatchObject({ pid: process.pid });
      await expect(assertFree(port)).rejects.toThrow(`port ${port} is taken by`);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await portHolder(port)).toBeUndefined();
    await assertFree(port);
  });

  it('takes a connection for no listener', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1',
      '   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1',
      '   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1',
    ].join('\n');
    expect(listeningSockets(table, 8080)).toEqual(['socket:[4711]']);
  });
});
