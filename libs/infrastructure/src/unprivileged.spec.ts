import { describe, expect, it } from '@jest/globals';
import { findUser, unprivilegedUser } from './unprivileged.js';

describe('unprivilegedUser', () => {
  it('is nobody for root and ourselves for all others', () => {
    const user = unprivilegedUser();
    if (process.getuid?.() === 0) expect(user?.uid).toBeGreaterThan(0);
    else expect(user).toBeUndefined();
  });

  it('reads ids as Linux and as macOS write them', () => {
    const passwd =
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n';
    expect(findUser(passwd, 'nobody')).toEqual({ uid: 65534, gid: 65533 });
    expect(findUser('nobody:*:-2:-2::0:0:Nobody:/var/empty:/usr/bin/false\n', 'nobody')?.uid).toBe(
      4294967294,
    );
    expect(findUser(passwd, 'postgres')).toBeUndefined();
  });
});
