/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type AddressFacts = { readonly kind: 'gathered' };

export async function gatherAddressFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<AddressFacts> {
  return { kind: 'gathered' };
}
