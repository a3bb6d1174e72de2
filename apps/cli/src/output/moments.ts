/** ISO 8601 as "2026-11-22 08:42:50.123", in UTC: two services' times stand side by side. */
export function moment(iso: string): string {
  return new Date(iso).toISOString().replace('T', ' ').replace('Z', '');
}
