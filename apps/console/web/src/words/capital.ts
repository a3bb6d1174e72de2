/** "naive" → "Naive": the backend writes names as they stand within a sentence. */
export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
