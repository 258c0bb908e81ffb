/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type ListFacts = { readonly kind: 'gathered' };

export async function gatherListFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<ListFacts> {
  return { kind: 'gathered' };
}
