/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type DaneFacts = { readonly kind: 'gathered' };

export async function gatherDaneFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<DaneFacts> {
  return { kind: 'gathered' };
}
