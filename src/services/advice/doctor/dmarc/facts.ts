/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type DmarcFacts = { readonly kind: 'gathered' };

export async function gatherDmarcFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<DmarcFacts> {
  return { kind: 'gathered' };
}
