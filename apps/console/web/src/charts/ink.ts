/** What a style sheet's colour is right now: a canvas understands neither variables nor light-dark(). */
export function inkOf(near: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.className = `ink-${name}`;
  near.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
