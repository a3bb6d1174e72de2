/** Payment ids: all after `after`, up to and with `until`; undefined for no end. */
export interface IdRange {
  after?: string | undefined;
  until?: string | undefined;
}

/** Smaller than every payment id, and as large as the largest possible UUID. */
export const beforeAll = '00000000-0000-0000-0000-000000000000';
export const afterAll = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The UUID right before this one; of the first one, itself. */
export function uuidBefore(id: string): string {
  const number = BigInt(`0x${id.replaceAll('-', '')}`);
  return number === 0n ? id : uuidOf((number - 1n).toString(16).padStart(32, '0'));
}

/** The ids whose first hex digits are these. */
export function idsOf(bucket: string): { after: string; until: string } {
  return {
    after: uuidBefore(uuidOf(bucket.padEnd(32, '0'))),
    until: uuidOf(bucket.padEnd(32, 'f')),
  };
}

function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
