/** How often to look for something that people have to do: often at first, then ever less, because most of it is done soon or never. Pure. */

const firstMs = 60_000;
const lastMs = 86_400_000;

/** @param ageMs for how long it has been waited for */
export function paceMs(ageMs: number): number {
  return Math.min(lastMs, Math.max(firstMs, Math.floor(ageMs / 10)));
}
