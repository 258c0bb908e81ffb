/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type DnsFacts = { readonly kind: 'gathered' };

export async function gatherDnsFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<DnsFacts> {
  return { kind: 'gathered' };
}
