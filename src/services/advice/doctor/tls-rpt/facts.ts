/** What the doctor gathers for the checks of this family. */
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type TlsReportFacts = { readonly kind: 'gathered' };

export async function gatherTlsReportFacts(_world: DoctorWorld, _subject: GatherSubject): Promise<TlsReportFacts> {
  return { kind: 'gathered' };
}
