/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type ParkedFacts = { readonly kind: 'gathered' };

export async function gatherParkedFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<ParkedFacts> {
  return { kind: 'gathered' };
}
