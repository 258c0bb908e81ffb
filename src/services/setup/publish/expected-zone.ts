/** What publications so far say a zone should show: of each set the last word. What was refused or taken back says nothing. Pure. */
import type { ExpectedSet, Publication } from './types.ts';

/** @param publications newest first */
export function expectedZone(publications: readonly Publication[]): readonly ExpectedSet[] {
  const expected = new Map<string, ExpectedSet>();
  for (const { id, atMs, state, changes } of publications) {
    if (state !== 'made' && state !== 'verified') continue;
    for (const change of changes) {
      const key = `${change.type} ${change.name}`;
      if (!expected.has(key)) expected.set(key, { change, publication: id, atMs });
    }
  }
  return [...expected.values()];
}
