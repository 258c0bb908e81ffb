/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type MxFacts = { readonly kind: 'gathered' };

export async function gatherMxFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<MxFacts> {
  return { kind: 'gathered' };
}
