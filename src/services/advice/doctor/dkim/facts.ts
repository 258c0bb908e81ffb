/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type DkimFacts = { readonly kind: 'gathered' };

export async function gatherDkimFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<DkimFacts> {
  return { kind: 'gathered' };
}
