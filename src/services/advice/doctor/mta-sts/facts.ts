/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type StsFacts = { readonly kind: 'gathered' };

export async function gatherStsFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<StsFacts> {
  return { kind: 'gathered' };
}
