/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type BimiFacts = { readonly kind: 'gathered' };

export async function gatherBimiFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<BimiFacts> {
  return { kind: 'gathered' };
}
