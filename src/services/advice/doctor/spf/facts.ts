/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type SpfFacts = { readonly kind: 'gathered' };

export async function gatherSpfFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<SpfFacts> {
  return { kind: 'gathered' };
}
